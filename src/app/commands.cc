#include "app/commands.h"

namespace chiliad::app {

void add_all_commands(CLI::App& app) {
  add_generate_command(app);
  add_split_command(app);
  add_train_command(app);
  add_forecast_command(app);
  add_evaluate_command(app);
  add_cross_validate_command(app);
  add_tune_command(app);
  add_inspect_command(app);
  add_plot_command(app);
  add_holidays_command(app);
  add_serve_command(app);
  add_up_command(app);
  add_env_command(app);
  add_runtimes_command(app);
  add_store_command(app);
  add_parity_command(app);
  add_algorithm_command(app);
}

}  // namespace chiliad::app
