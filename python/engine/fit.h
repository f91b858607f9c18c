// Fit: a fitted model as Python holds it, with what the optimiser reported.
//
// Thread safety: immutable; to_dict() needs the interpreter's lock.

#pragma once

#include <nanobind/nanobind.h>

#include <optional>
#include <span>
#include <string>
#include <utility>

#include "arguments.h"
#include "forecast/objective.h"
#include "forecast/prophet.h"
#include "sample/posterior.h"

namespace chiliad::python {

class Fit {
 public:
  Fit(forecast::FittedModel model, forecast::FitReport report, std::optional<sample::PosteriorDraws> draws = {})
      : model_(std::move(model)), report_(std::move(report)), draws_(std::move(draws)) {}

  const forecast::FittedModel& model() const { return model_; }
  const forecast::FitReport& report() const { return report_; }

  // Every part under the name of Prophet's attribute where it has one (engine_form.py), and `draws`, where there are
  // some; arrays are copies.
  nanobind::dict to_dict() const;

  // Empty for a model without its history.
  nanobind::object history_dates() const;

 private:
  forecast::FittedModel model_;
  forecast::FitReport report_;
  std::optional<sample::PosteriorDraws> draws_;  // Of the posterior, whose mode model_ is.
};

// (ds in nanoseconds, {column: values}), in Prophet's order of columns. The arrays share one forecast's memory.
std::pair<nanobind::object, nanobind::dict> to_arrays(forecast::Forecast forecast);

// k, m, sigma_obs, lp__ (a value a draw), delta, beta (a row a draw), and what the sampler reports. Shares no memory
// with a model.
nanobind::dict to_dict(sample::PosteriorDraws draws);

// k, m, sigma_obs (one value), delta, beta, and the report, whose log_posterior is Stan's lp__.
nanobind::dict to_dict(forecast::Parameters parameters, const forecast::FitReport& report);
nanobind::dict to_dict(const forecast::FitReport& report);

}  // namespace chiliad::python
