// chiliad._engine: the forecast engine for python/chiliad. Numbers in, numbers out: no pandas here.
//
// The interpreter's lock is released while the engine computes.

#include <nanobind/nanobind.h>
#include <nanobind/stl/pair.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <algorithm>
#include <thread>

#include "arguments.h"
#include "fit.h"
#include "fleet.h"
#include "forecast/prophet.h"
#include "sample/posterior.h"

namespace nb = nanobind;
using namespace chiliad;          // NOLINT: the one file of the module.
using namespace chiliad::python;  // NOLINT

namespace {

Fit fit(const nb::dict& options, const Int64Array& ds, const DoubleArray& y, const nb::dict& columns,
        const nb::object& init) {
  const forecast::ProphetOptions read = read_options(options);
  forecast::FitOptions how(forecast::KeepHistory::kYes);
  if (!init.is_none()) how.warm_start = read_warm_start(nb::cast<nb::dict>(init));
  const ColumnArguments beside(columns);
  const forecast::History history{as_instants(ds), as_span(y), beside.columns()};
  forecast::FitReport report;
  Result<forecast::FittedModel> model = Error{ErrorCode::kInvalid, ""};
  {
    const nb::gil_scoped_release released;
    model = forecast::fit(history, read, how, &report);
  }
  return Fit(value_or_raise(std::move(model)), std::move(report));
}

nb::dict sample_posterior(const nb::dict& options, const Int64Array& ds, const DoubleArray& y, const nb::dict& columns,
                          const nb::dict& how) {
  const forecast::ProphetOptions read = read_options(options);
  const sample::NutsOptions nuts = read_nuts_options(how);
  const ColumnArguments beside(columns);
  const forecast::History history{as_instants(ds), as_span(y), beside.columns()};
  Result<sample::PosteriorDraws> draws = Error{ErrorCode::kInvalid, ""};
  {
    const nb::gil_scoped_release released;
    draws = sample::sample_posterior(history, read, nuts);
  }
  return to_dict(value_or_raise(std::move(draws)));
}

Fit from_dict(const nb::dict& state) {
  return Fit(value_or_raise(forecast::FittedModel::from_state(read_state(state))), forecast::FitReport{});
}

std::pair<nb::object, nb::dict> predict(const Fit& fitted, const Int64Array& ds, const nb::dict& columns,
                                        const nb::dict& options) {
  const ColumnArguments beside(columns);
  const forecast::PredictOptions read = read_predict_options(options);
  Result<forecast::Forecast> forecast = Error{ErrorCode::kInvalid, ""};
  {
    const nb::gil_scoped_release released;
    forecast = fitted.model().predict(forecast::Frame{as_instants(ds), beside.columns()}, read);
  }
  return to_arrays(value_or_raise(std::move(forecast)));
}

// A list with a Fit or, for a series that cannot be fitted, the reason as a string.
nb::list fit_many(const nb::dict& options, const Int64Array& ds, const DoubleArray& y, const nb::dict& columns,
                  const Int64Array& first, bool keep_history, int threads, const nb::callable& progress) {
  const forecast::ProphetOptions read = read_options(options);
  const ColumnArguments beside(columns);
  const std::span<const std::int64_t> starts{first.data(), first.size()};
  const auto rows = static_cast<std::int64_t>(ds.size());
  const bool all =
      std::ranges::all_of(beside.columns(), [&](const forecast::Column& c) { return c.values.size() == ds.size(); });
  if (starts.empty() || starts.front() != 0 || starts.back() != rows || !std::ranges::is_sorted(starts) ||
      y.size() != ds.size() || !all)
    throw nb::value_error("the series' rows do not make up the table");
  const FleetRows table{as_instants(ds), as_span(y), &beside, starts};
  if (threads <= 0) threads = static_cast<int>(std::max(1U, std::thread::hardware_concurrency()));
  std::vector<Result<Fit>> results;
  bool raised = false;
  {
    const nb::gil_scoped_release released;
    results = fit_fleet(read, table, keep_history ? forecast::KeepHistory::kYes : forecast::KeepHistory::kNo, threads,
                        [&](std::size_t done) {
                          const nb::gil_scoped_acquire held;
                          raised = PyErr_CheckSignals() != 0;
                          if (raised) return false;
                          PyObject* answer = PyObject_CallFunction(progress.ptr(), "n", static_cast<Py_ssize_t>(done));
                          raised = answer == nullptr;
                          Py_XDECREF(answer);
                          return !raised;
                        });
  }
  if (raised) throw nb::python_error();
  nb::list out;
  for (Result<Fit>& result : results) {
    if (result) {
      out.append(nb::cast(*std::move(result)));
    } else {
      out.append(nb::cast(result.error().message));
    }
  }
  return out;
}

}  // namespace

NB_MODULE(_engine, module) {
  module.doc() = "The forecast engine of chiliad. Use chiliad.Prophet and chiliad.fit_many.";
  nb::class_<Fit>(module, "Fit", "A fitted model.")
      .def("to_dict", &Fit::to_dict, "Every part under the name of Prophet's attribute.")
      .def_static("from_dict", &from_dict, nb::arg("state"), "A model from its parts.")
      .def_prop_ro(
          "last_date", [](const Fit& fitted) { return nanos_since_epoch(fitted.model().state().last_dates.back()); },
          "The last date of the history, in nanoseconds.")
      .def_prop_ro("history_dates", &Fit::history_dates, "Every date of the history, in nanoseconds.")
      .def("predict", &predict, nb::arg("ds"), nb::arg("columns"), nb::arg("options"),
           "(ds in nanoseconds, {column: values}), rows ascending.");
  module.def("fit", &fit, nb::arg("options"), nb::arg("ds"), nb::arg("y"), nb::arg("columns"),
             nb::arg("init") = nb::none(),
             "Fits a model to rows: ds in nanoseconds since 1970-01-01, y with NaN where missing.");
  module.def("sample", &sample_posterior, nb::arg("options"), nb::arg("ds"), nb::arg("y"), nb::arg("columns"),
             nb::arg("how"), "Draws from the posterior of the model that fit() finds the mode of.");
  module.def("fit_many", &fit_many, nb::arg("options"), nb::arg("ds"), nb::arg("y"), nb::arg("columns"),
             nb::arg("first"), nb::arg("keep_history"), nb::arg("threads"), nb::arg("progress"),
             "Fits a model to each of the series that lie one after the other; a reason where none can be fitted.");
}
