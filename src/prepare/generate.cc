#include "prepare/generate.h"

#include <fmt/format.h>

#include <array>
#include <cmath>
#include <string>
#include <vector>

#include "base/number.h"

namespace chiliad::prepare {
namespace {

constexpr std::size_t kPieceBytes = std::size_t{256} << 10;
constexpr std::uint64_t kProgressRows = 65'536;
constexpr std::uint64_t kGolden = 0x9E3779B97F4A7C15;  // 2^64 over the golden ratio: SplitMix64's step.
constexpr double kPi = 3.14159265358979323846;
constexpr double kYearDays = 365.25;

std::uint64_t mix(std::uint64_t x) {
  x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9;
  x = (x ^ (x >> 27)) * 0x94D049BB133111EB;
  return x ^ (x >> 31);
}

// The n-th draw of a customer's stream.
class Stream {
 public:
  Stream(std::uint64_t seed, std::uint64_t customer) : key_(mix(mix(seed + kGolden) + (customer + 1) * kGolden)) {}
  std::uint64_t draw(std::uint64_t n) const { return mix(key_ + (n + 1) * kGolden); }
  // In [0, 1), 53 bits.
  double even(std::uint64_t n) const { return static_cast<double>(draw(n) >> 11) * 0x1p-53; }

  // About N(0, 1), from draws 6n to 6n + 5: twelve halves of 32 bits, summed.
  double normal(std::uint64_t n) const {
    std::uint64_t sum = 0;
    for (std::uint64_t i = 0; i < 6; ++i) {
      const std::uint64_t bits = draw(6 * n + i);
      sum += (bits >> 32) + (bits & 0xFFFFFFFF);
    }
    return static_cast<double>(sum) * 0x1p-32 - 6;
  }

 private:
  std::uint64_t key_;
};

// sin(2 pi turns) for turns >= 0: the quarter wave by its Taylor series, which at pi/2 is exact to 1e-16 after ten
// terms.
double sine_of_turns(double turns) {
  double t = turns - std::floor(turns);
  const bool negative = t >= 0.5;
  if (negative) t -= 0.5;
  if (t > 0.25) t = 0.5 - t;
  const double x = 2 * kPi * t;
  constexpr std::array<double, 9> kFactors = {20 * 21., 18 * 19., 16 * 17., 14 * 15., 12 * 13.,
                                              10 * 11., 8 * 9.,   6 * 7.,   4 * 5.};
  double sum = 1;
  for (const double factor : kFactors) sum = 1 - x * x / factor * sum;
  sum = x * (1 - x * x / 6 * sum);
  return negative ? -sum : sum;
}

struct Customer {
  Stream stream;
  double baseline;
  double amplitude;
  double phase;

  Customer(std::uint64_t seed, std::uint64_t id)
      : stream(seed, id),
        baseline(500 + 500 * stream.even(0)),
        amplitude(100 + 100 * stream.even(1)),
        phase(stream.even(2)) {}

  // The first draws, up to 5, made the customer; day d takes 6 (d + 1) and on.
  double value(double days_since_1970, std::uint64_t day, double noise) const {
    const double swing = amplitude * sine_of_turns(days_since_1970 / kYearDays + phase + 2000);
    return baseline + swing + noise * stream.normal(day + 1);
  }
};

}  // namespace

Result<Done> check(const GenerateOptions& options) {
  const auto refuse = [](std::string message) { return Error{ErrorCode::kInvalid, std::move(message)}; };
  if (options.customers == 0) return refuse("customers: at least one is needed");
  if (options.period_days == 0) return refuse("the period: at least one day is needed");
  if (options.customers > (std::uint64_t{1} << 63) / options.period_days) return refuse("customers: too many rows");
  if (!(options.noise >= 0) || !std::isfinite(options.noise)) return refuse("the noise: expected a number from 0");
  const auto first = std::chrono::floor<std::chrono::days>(options.start);
  if (Instant(first) != options.start) return refuse("the start: expected a date without a time of day");
  const std::chrono::sys_days last{std::chrono::year{2261} / 12 / 31};
  if (options.period_days > static_cast<std::uint64_t>((last - first).count() + 1)) {
    return refuse(fmt::format("the period: {} days from {} reach beyond the year 2261", options.period_days,
                              format_instant(options.start)));
  }
  return Done{};
}

double generated_value(const GenerateOptions& options, std::uint64_t customer, std::uint64_t day) {
  return Customer(options.seed, customer)
      .value(days_since_epoch(options.start) + static_cast<double>(day), day, options.noise);
}

Result<Done> generate(const GenerateOptions& options, const PutBytes& put) {
  if (Result<Done> checked = check(options); !checked) return checked;
  const double first_day = days_since_epoch(options.start);
  std::vector<std::string> dates;
  for (std::uint64_t day = 0; day < options.period_days; ++day) {
    dates.push_back(fmt::format(",{},", format_instant(options.start + std::chrono::days(day))));
  }
  std::string rows = "customer_id,timestamp,consumption\n";
  std::uint64_t count = 0;
  const auto add = [&](const Customer& customer, std::uint64_t id, std::uint64_t day) -> Result<Done> {
    append_integer(rows, static_cast<std::int64_t>(id));
    rows += dates[day];
    append_repr(rows, customer.value(first_day + static_cast<double>(day), day, options.noise));
    rows += '\n';
    if (++count % kProgressRows == 0 && options.on_progress) options.on_progress(count);
    if (rows.size() < kPieceBytes) return Done{};
    Result<Done> done = put(rows);
    rows.clear();
    return done;
  };
  const bool by_date = options.order == RowOrder::kDate;
  for (std::uint64_t outer = 0; outer < (by_date ? options.period_days : options.customers); ++outer) {
    const Customer outer_customer(options.seed, outer);
    for (std::uint64_t inner = 0; inner < (by_date ? options.customers : options.period_days); ++inner) {
      Result<Done> added =
          by_date ? add(Customer(options.seed, inner), inner, outer) : add(outer_customer, outer, inner);
      if (!added) return added;
    }
  }
  return rows.empty() ? Result<Done>(Done{}) : put(rows);
}

}  // namespace chiliad::prepare
