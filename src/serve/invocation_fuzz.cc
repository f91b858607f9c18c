// Any bytes as the body of an invocation, of a batch and of POST /models. Checks that what is accepted keeps the
// limits, and that a model answers it, as far as an input stays quick: with fewer rows and draws, with the same JSON or
// CSV.

#include <simdjson.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "serve/forecast_model.h"
#include "serve/invocation.h"
#include "serve/load_request.h"
#include "serve/model_name.h"

namespace {

using chiliad::Result;
using chiliad::serve::ForecastModel;
using chiliad::serve::Invocation;

// A model of two years of days with a week's season in each mode, whose numbers are made up.
ForecastModel make_model() {
  namespace forecast = chiliad::forecast;
  forecast::FittedState state;
  state.start = *chiliad::parse_instant("2021-01-01");
  state.t_scale_s = 729 * 86400.0;
  state.y_scale = 120;
  state.changepoints_t = {0.2, 0.4, 0.6};
  state.delta = {0.3, 0, -0.2};
  state.k = 0.5;
  state.m = 0.1;
  state.seasonalities = {{"weekly", 7, 1, 10, forecast::Mode::kAdditive},
                         {"weekly, \"again\"", 7, 1, 10, forecast::Mode::kMultiplicative}};
  state.beta = {0.1, -0.2, 0.3, 0.01};
  state.sigma_obs = 0.05;
  state.rows = state.history_date_count = 730;
  for (int day = 725; day < 730; ++day) state.last_dates.push_back(state.start + std::chrono::hours{24 * day});
  Result<forecast::FittedModel> model = forecast::FittedModel::from_state(std::move(state));
  CHILIAD_CHECK(model);
  return ForecastModel(*std::move(model));
}

// Rows, quantiles and draws for which an answer takes some milliseconds.
void make_quick(Invocation& invocation) {
  invocation.period = std::min<std::int64_t>(invocation.period, 20);
  if (invocation.ds.size() > 20) invocation.ds.resize(20);
  if (invocation.options.quantiles.size() > 4) invocation.options.quantiles.resize(4);
  invocation.options.uncertainty_samples = std::min(invocation.options.uncertainty_samples.value_or(50), 50);
}

void answer(Invocation& invocation) {
  static const ForecastModel model = make_model();
  make_quick(invocation);
  for (const Invocation::Format format : {Invocation::Format::kJson, Invocation::Format::kCsv}) {
    invocation.format = format;
    std::string first, second;
    if (!model.answer(invocation, first)) continue;
    if (format == Invocation::Format::kJson || invocation.doubly_encoded) {
      simdjson::dom::parser parser;
      CHILIAD_CHECK(parser.parse(simdjson::padded_string(first)).error() == simdjson::SUCCESS);
    }
    // From the offsets that the first call left.
    CHILIAD_CHECK(model.answer(invocation, second) && first == second);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view body(reinterpret_cast<const char*>(data), size);
  chiliad::serve::InvocationReader reader;
  Invocation invocation;
  if (reader.read(body, invocation)) {
    CHILIAD_CHECK(invocation.rows() >= 1 && invocation.rows() <= Invocation::kMaxRows);
    CHILIAD_CHECK(invocation.ds.empty() == (invocation.period > 0));
    CHILIAD_CHECK(invocation.step.has_value());
    for (const double quantile : invocation.options.quantiles) CHILIAD_CHECK(quantile > 0 && quantile < 1);
    answer(invocation);
  }
  std::vector<std::string> models;
  if (reader.read_batch(body, invocation, models)) CHILIAD_CHECK(!models.empty());
  if (const auto load = chiliad::serve::read_load_request(body)) {
    CHILIAD_CHECK(static_cast<bool>(chiliad::serve::check_model_name(load->model_name)));
  }
  (void)chiliad::serve::format_accepted(body);
  if (const auto decoded = chiliad::serve::percent_decode(body)) CHILIAD_CHECK(decoded->size() <= body.size());
  return 0;
}
