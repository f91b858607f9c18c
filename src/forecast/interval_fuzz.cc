// Any law, rows and probabilities that the header admits: the quantiles are finite, ordered, and symmetric.

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "forecast/interval.h"

namespace {

// A double in [0, 1) of the next bytes; 0 when they are used up.
class Bytes {
 public:
  Bytes(const std::uint8_t* data, std::size_t size) : data_(data), size_(size) {}
  bool left() const { return size_ >= 4; }
  double next() {
    std::uint32_t word = 0;
    const std::size_t n = std::min<std::size_t>(size_, 4);
    std::memcpy(&word, data_, n);
    data_ += n;
    size_ -= n;
    return word / 4294967296.0;
  }

 private:
  const std::uint8_t* data_;
  std::size_t size_;
};

void must(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Bytes bytes(data, size);
  const auto scale = [&](double low, double high) { return std::pow(10, low + (high - low) * bytes.next()); };
  chiliad::forecast::TrendLaw law;
  const double kind = bytes.next();
  law.change_probability = kind < 0.1 ? 0 : kind > 0.9 ? 1 : scale(-12, 0);
  law.unit = kind > 0.45 && kind < 0.5 ? 0 : scale(-200, 10);
  const double sigma = bytes.next() < 0.3 ? 0 : law.unit * scale(-15, 20);
  std::vector<double> probabilities = {1e-6 + (1 - 2e-6) * bytes.next(), 0.1, 0.5, 0.9};
  std::sort(probabilities.begin(), probabilities.end());
  std::vector<std::int64_t> steps;
  std::vector<double> factor;
  std::int64_t step = 0;
  while (bytes.left() && steps.size() < 50 && step < 20000) {
    step += static_cast<std::int64_t>(std::pow(4000, bytes.next())) - 1;
    steps.push_back(step);
    factor.push_back(std::tan(3.1 * (bytes.next() - 0.5)));
  }
  std::vector<double> out(steps.size() * 4);
  chiliad::forecast::future_quantiles(law, steps, factor, sigma, probabilities, out);
  for (std::size_t r = 0; r < steps.size(); ++r) {
    const double* row = out.data() + 4 * r;
    for (int c = 0; c < 4; ++c) must(std::isfinite(row[c]));
    for (int c = 0; c < 3; ++c) must(row[c] <= row[c + 1] + 1e-6 * std::abs(row[c + 1]));
    const std::size_t low = probabilities[0] == 0.1 ? 0 : 1;
    const std::size_t high = probabilities[3] == 0.9 ? 3 : 2;
    must(row[low] == -row[high]);
  }
  return 0;
}
