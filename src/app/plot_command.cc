// `chiliad plot`: a stored model's history, forecast and components as SVG.

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>

#include "app/command.h"
#include "app/commands.h"
#include "app/forecast_chart.h"
#include "app/forecast_flags.h"
#include "app/model_flags.h"
#include "app/size_text.h"
#include "app/text_output.h"

namespace chiliad::app {
namespace {

struct PlotFlags {
  ModelFlags model;
  ForecastFlags forecast;
  std::string output = "-";
  bool components = false;
};

void run_plot(PlotFlags flags) {
  if (flags.forecast.period == 0 && flags.forecast.future.empty()) flags.forecast.include_history = true;
  train::ForecastPlan plan = value_or_fail(read_forecast_flags(flags.forecast), kExitUsage);
  const LoadedModel loaded = value_or_fail(load_flagged_model(flags.model));
  const forecast::FittedState& state = loaded.model.state();
  plan.include_history = state.history != nullptr;
  if (!plan.include_history && plan.period == 0 && !plan.future)
    fail({ErrorCode::kInvalid, loaded.from + ": stored without its history: expected --period N"}, kExitUsage);
  const forecast::Forecast forecast = value_or_fail(train::forecast_model(loaded.model, loaded.customer_id, plan));
  std::vector<Panel> panels{forecast_panel(loaded.model, forecast)};
  if (flags.components) {
    for (Panel& panel : value_or_fail(component_panels(loaded.model, forecast))) panels.push_back(std::move(panel));
  }
  const std::string subtitle =
      fmt::format("{} rows, {} to {}; {} rows forecast", format_count(static_cast<std::uint64_t>(state.rows)),
                  format_instant(state.start), format_instant(state.last_dates.back()),
                  format_count(static_cast<std::uint64_t>(std::ranges::count_if(
                      forecast.ds(), [&](Instant moment) { return moment > state.last_dates.back(); }))));
  TextOutput output = value_or_fail(TextOutput::open(flags.output));
  static_cast<void>(value_or_fail(output.write(draw_svg("Customer " + loaded.customer_id, subtitle, panels))));
  static_cast<void>(value_or_fail(output.finish()));
}

}  // namespace

void add_plot_command(CLI::App& app) {
  auto flags = std::make_shared<PlotFlags>();
  CLI::App* command = app.add_subcommand("plot", "A model's history, forecast and components as SVG");
  add_model_flags(*command, flags->model);
  command->add_option("--output", flags->output, "SVG file, or - for standard output")->capture_default_str();
  command->add_flag("--components", flags->components, "Also trend and seasonalities by themselves");
  add_forecast_flags(*command, flags->forecast);
  command->callback([flags] { run_plot(*flags); });
}

}  // namespace chiliad::app
