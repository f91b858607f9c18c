// chiliad._engine: the forecast engine for python/chiliad. Numbers in, numbers out: no pandas here.
//
// The interpreter's lock is released while the engine computes.

#include <nanobind/nanobind.h>
#include <nanobind/stl/pair.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <functional>
#include <future>
#include <thread>

#include "arguments.h"
#include "fit.h"
#include "fleet.h"
#include "forecast/prophet.h"
#include "forecast/refresh.h"
#include "forecast/stan_data.h"
#include "sample/posterior.h"

namespace nb = nanobind;
using namespace chiliad;          // NOLINT: the one file of the module.
using namespace chiliad::python;  // NOLINT

namespace {

forecast::WarmStart start_of(const nb::object& init) {
  return init.is_none() ? forecast::WarmStart{} : read_warm_start(nb::cast<nb::dict>(init));
}

Fit fit(const nb::dict& options, const Int64Array& ds, const DoubleArray& y, const nb::dict& columns,
        const nb::object& init, bool keep_statistics) {
  const forecast::ProphetOptions read = read_options(options);
  forecast::FitOptions how(forecast::KeepHistory::kYes);
  how.keep_statistics = keep_statistics;
  if (!init.is_none()) how.warm_start = start_of(init);
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

// Runs draw(options) on a thread of its own while this one looks for Ctrl-C; raises what that raised.
nb::dict sample_until_told(sample::NutsOptions options,
                           const std::function<Result<sample::PosteriorDraws>(const sample::NutsOptions&)>& draw) {
  std::atomic<bool> stop = false;
  options.stop = &stop;
  Result<sample::PosteriorDraws> draws = Error{ErrorCode::kInvalid, ""};
  bool raised = false;
  {
    const nb::gil_scoped_release released;
    std::future<Result<sample::PosteriorDraws>> drawn = std::async(std::launch::async, draw, std::cref(options));
    while (drawn.wait_for(std::chrono::milliseconds(100)) != std::future_status::ready) {
      const nb::gil_scoped_acquire held;
      raised = PyErr_CheckSignals() != 0;
      if (!raised) continue;
      stop = true;
      break;
    }
    draws = drawn.get();
  }
  if (raised) throw nb::python_error();
  return to_dict(value_or_raise(std::move(draws)));
}

nb::dict sample_posterior(const nb::dict& options, const Int64Array& ds, const DoubleArray& y, const nb::dict& columns,
                          const nb::dict& how, const nb::object& init) {
  const forecast::ProphetOptions read = read_options(options);
  const forecast::WarmStart start = start_of(init);
  const ColumnArguments beside(columns);
  const forecast::History history{as_instants(ds), as_span(y), beside.columns()};
  return sample_until_told(read_nuts_options(how), [&](const sample::NutsOptions& nuts) {
    return sample::sample_posterior(history, read, nuts, start);
  });
}

nb::dict fit_stan_data(const nb::dict& data, const nb::dict& init, bool only_start) {
  const StanArguments arguments(data);
  const forecast::WarmStart start = read_warm_start(init);
  forecast::FitReport report;
  Result<forecast::Parameters> found = Error{ErrorCode::kInvalid, ""};
  {
    const nb::gil_scoped_release released;
    const Result<forecast::StanModel> model = forecast::StanModel::make(arguments.data());
    found = model ? model->fit(start, only_start, report) : model.error();
  }
  return to_dict(value_or_raise(std::move(found)), report);
}

nb::dict sample_stan_data(const nb::dict& data, const nb::dict& init, const nb::dict& how) {
  const StanArguments arguments(data);
  const forecast::WarmStart start = read_warm_start(init);
  const forecast::StanModel model = value_or_raise(forecast::StanModel::make(arguments.data()));
  return sample_until_told(read_nuts_options(how), [&](const sample::NutsOptions& nuts) {
    return sample::sample_posterior(model, nuts, start);
  });
}

// A Fit, or the reason as a string where the statistics do not do.
nb::object refresh(const nb::dict& state, const Int64Array& ds, const DoubleArray& y, const nb::dict& columns) {
  const forecast::FittedModel model = value_or_raise(forecast::FittedModel::from_state(read_state(state)));
  const ColumnArguments beside(columns);
  const forecast::History rows{as_instants(ds), as_span(y), beside.columns()};
  forecast::FitReport report;
  Result<forecast::Refreshed> refreshed = Error{ErrorCode::kInvalid, ""};
  {
    const nb::gil_scoped_release released;
    refreshed = forecast::refresh(model, rows, forecast::KeepHistory::kNo, &report);
  }
  forecast::Refreshed done = value_or_raise(std::move(refreshed));
  if (!done.model) return nb::cast(done.reason);
  return nb::cast(Fit(*std::move(done.model), std::move(report)));
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

// The rows of many series, one series after the other, as Python hands them over.
class TableArguments {
 public:
  TableArguments(const Int64Array& ds, const DoubleArray& y, const nb::dict& columns, const Int64Array& first)
      : beside_(columns), rows_{as_instants(ds), as_span(y), &beside_, {first.data(), first.size()}} {
    const std::span<const std::int64_t> starts = rows_.first;
    const bool all =
        std::ranges::all_of(beside_.columns(), [&](const forecast::Column& c) { return c.values.size() == ds.size(); });
    if (starts.empty() || starts.front() != 0 || starts.back() != static_cast<std::int64_t>(ds.size()) ||
        !std::ranges::is_sorted(starts) || y.size() != ds.size() || !all)
      throw nb::value_error("the series' rows do not make up the table");
  }
  TableArguments(const TableArguments&) = delete;

  const FleetRows& rows() const { return rows_; }
  std::size_t series() const { return rows_.first.size() - 1; }

 private:
  ColumnArguments beside_;
  FleetRows rows_;  // Points to beside_.
};

int threads_of(int wanted) {
  return wanted > 0 ? wanted : static_cast<int>(std::max(1U, std::thread::hardware_concurrency()));
}

// A Fit or None for each of so many series. Requires: the list outlives them.
std::vector<const Fit*> fits_of(const nb::list& list, std::size_t series) {
  if (list.size() != series) throw nb::value_error("not as many models as series");
  std::vector<const Fit*> fits;
  for (const nb::handle one : list) fits.push_back(one.is_none() ? nullptr : nb::cast<const Fit*>(one));
  return fits;
}

// What run(progress) gives, without the interpreter's lock; raises what Ctrl-C or the callable raised meanwhile.
template <class Run>
auto run_until_told(const nb::callable& progress, Run run) {
  bool raised = false;
  const auto told = [&](std::size_t done) {
    const nb::gil_scoped_acquire held;
    raised = PyErr_CheckSignals() != 0;
    if (raised) return false;
    PyObject* answer = PyObject_CallFunction(progress.ptr(), "n", static_cast<Py_ssize_t>(done));
    raised = answer == nullptr;
    Py_XDECREF(answer);
    return !raised;
  };
  auto results = [&] {
    const nb::gil_scoped_release released;
    return run(told);
  }();
  if (raised) throw nb::python_error();
  return results;
}

// A list with a Fit or, for a series that cannot be fitted, the reason as a string.
nb::list fit_many(const nb::dict& options, const Int64Array& ds, const DoubleArray& y, const nb::dict& columns,
                  const Int64Array& first, bool keep_history, bool keep_statistics, const nb::object& sampling,
                  const nb::object& earlier, int threads, const nb::callable& progress) {
  const forecast::ProphetOptions read = read_options(options);
  const TableArguments table(ds, y, columns, first);
  FleetOptions how;
  how.keep = keep_history ? forecast::KeepHistory::kYes : forecast::KeepHistory::kNo;
  how.keep_statistics = keep_statistics;
  if (!sampling.is_none()) how.sampling = read_nuts_options(nb::cast<nb::dict>(sampling));
  how.threads = threads_of(threads);
  std::vector<const Fit*> models;
  if (!earlier.is_none()) models = fits_of(nb::cast<nb::list>(earlier), table.series());
  nb::list out;
  for (Result<Fit>& result : run_until_told(
           progress, [&](const Progress& told) { return fit_fleet(read, table.rows(), how, models, told); })) {
    out.append(result ? nb::cast(*std::move(result)) : nb::cast(result.error().message));
  }
  return out;
}

// For each series (a Fit or None, the reason for None, the error).
nb::list refresh_many(const nb::list& models, const Int64Array& ds, const DoubleArray& y, const nb::dict& columns,
                      const Int64Array& first, int threads, const nb::callable& progress) {
  const TableArguments table(ds, y, columns, first);
  const std::vector<const Fit*> fits = fits_of(models, table.series());
  if (std::ranges::find(fits, nullptr) != fits.end()) throw nb::value_error("a series without a model");
  nb::list out;
  for (Result<RefreshedFit>& result : run_until_told(progress, [&](const Progress& told) {
         return refresh_fleet(fits, table.rows(), threads_of(threads), told);
       })) {
    if (!result) {
      out.append(nb::make_tuple(nb::none(), "", result.error().message));
    } else {
      nb::object fit = result->fit ? nb::cast(*std::move(result->fit)) : nb::none();
      out.append(nb::make_tuple(fit, result->reason, ""));
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
      .def_prop_ro(
          "start", [](const Fit& fitted) { return nanos_since_epoch(fitted.model().state().start); },
          "The first date with a value, in nanoseconds.")
      .def_prop_ro(
          "has_one_mode", [](const Fit& fitted) { return forecast::has_one_mode(fitted.model()); },
          "Whether a fit of such a model ends at the same mode wherever it begins.")
      .def_prop_ro("history_dates", &Fit::history_dates, "Every date of the history, in nanoseconds.")
      .def("predict", &predict, nb::arg("ds"), nb::arg("columns"), nb::arg("options"),
           "(ds in nanoseconds, {column: values}), rows ascending.");
  module.def("fit", &fit, nb::arg("options"), nb::arg("ds"), nb::arg("y"), nb::arg("columns"),
             nb::arg("init") = nb::none(), nb::arg("keep_statistics") = false,
             "Fits a model to rows: ds in nanoseconds since 1970-01-01, y with NaN where missing.");
  module.def("refresh", &refresh, nb::arg("state"), nb::arg("ds"), nb::arg("y"), nb::arg("columns"),
             "Takes new rows into a model that kept its statistics; a reason where they do not do.");
  module.def("sample", &sample_posterior, nb::arg("options"), nb::arg("ds"), nb::arg("y"), nb::arg("columns"),
             nb::arg("how"), nb::arg("init") = nb::none(),
             "Draws from the posterior of the model that fit() finds the mode of. Ctrl-C stops it.");
  module.def("fit_stan_data", &fit_stan_data, nb::arg("data"), nb::arg("init"), nb::arg("only_start"),
             "The mode of Prophet's posterior from the data of its Stan program.");
  module.def("sample_stan_data", &sample_stan_data, nb::arg("data"), nb::arg("init"), nb::arg("how"),
             "Draws from it. Ctrl-C stops it.");
  module.def("fit_many", &fit_many, nb::arg("options"), nb::arg("ds"), nb::arg("y"), nb::arg("columns"),
             nb::arg("first"), nb::arg("keep_history"), nb::arg("keep_statistics"), nb::arg("sampling").none(),
             nb::arg("earlier").none(), nb::arg("threads"), nb::arg("progress"),
             "Fits a model to each of the series that lie one after the other; a reason where none can be fitted. "
             "sampling: of "
             "the sampler; None: modes alone. earlier: None, or where each fit may begin, a Fit or None.");
  module.def("refresh_many", &refresh_many, nb::arg("models"), nb::arg("ds"), nb::arg("y"), nb::arg("columns"),
             nb::arg("first"), nb::arg("threads"), nb::arg("progress"),
             "Takes new rows into each series' Fit: (a Fit or None, why there is none, the error) for each.");
}
