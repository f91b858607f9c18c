#include "sample/convergence.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/check.h"

namespace chiliad::sample {
namespace {

double mean_of(std::span<const double> values) {
  double sum = 0;
  for (const double value : values) sum += value;
  return sum / static_cast<double>(values.size());
}

double variance_of(std::span<const double> values) {
  const double mean = mean_of(values);
  double sum = 0;
  for (const double value : values) sum += (value - mean) * (value - mean);
  return sum / static_cast<double>(values.size() - 1);
}

// Variances within the parts and between their means, per draw.
struct Variances {
  double within = 0;
  double all = 0;  // Within and between: of the whole law, were the parts to agree.
};

std::vector<std::span<const double>> halves_of(ChainsOf chains) {
  std::vector<std::span<const double>> halves;
  for (const std::vector<double>& chain : chains) {
    CHILIAD_CHECK(chain.size() >= 4 && chain.size() == chains.front().size());
    const std::size_t half = chain.size() / 2;
    halves.push_back(std::span(chain).first(half));
    halves.push_back(std::span(chain).last(half));
  }
  return halves;
}

Variances variances_of(std::span<const std::span<const double>> parts) {
  std::vector<double> means;
  double within = 0;
  for (const std::span<const double> part : parts) {
    means.push_back(mean_of(part));
    within += variance_of(part) / static_cast<double>(parts.size());
  }
  const auto n = static_cast<double>(parts.front().size());
  return {within, within * (n - 1) / n + (means.size() > 1 ? variance_of(means) : 0)};
}

double autocovariance(std::span<const double> values, double mean, std::size_t lag) {
  double sum = 0;
  for (std::size_t i = lag; i < values.size(); ++i) sum += (values[i] - mean) * (values[i - lag] - mean);
  return sum / static_cast<double>(values.size());
}

}  // namespace

double split_rhat(ChainsOf chains) {
  const Variances variances = variances_of(halves_of(chains));
  return variances.within > 0 ? std::sqrt(variances.all / variances.within) : std::numeric_limits<double>::infinity();
}

double effective_sample_size(ChainsOf chains) {
  const std::vector<std::span<const double>> parts = halves_of(chains);
  const Variances variances = variances_of(parts);
  if (!(variances.within > 0)) return 0;
  const std::size_t n = parts.front().size();
  std::vector<double> means;
  for (const std::span<const double> part : parts) means.push_back(mean_of(part));
  const auto correlation = [&](std::size_t lag) {
    double covariance = 0;
    for (std::size_t i = 0; i < parts.size(); ++i)
      covariance += autocovariance(parts[i], means[i], lag) / static_cast<double>(parts.size());
    const double unbiased = covariance * static_cast<double>(n) / static_cast<double>(n - 1);
    return 1 - (variances.within - unbiased) / variances.all;
  };
  // Geyer's initial sequence: sums of pairs, as long as they are positive, kept from rising.
  double tau = -1, lowest = 1e300;
  for (std::size_t lag = 0; lag + 1 < n; lag += 2) {
    const double pair = (lag == 0 ? 1 : correlation(lag)) + correlation(lag + 1);
    if (!(pair > 0)) break;
    lowest = std::min(lowest, pair);
    tau += 2 * lowest;
  }
  const double draws = static_cast<double>(n * parts.size());
  return draws / std::max(tau, 1 / std::log10(draws));
}

}  // namespace chiliad::sample
