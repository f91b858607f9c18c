// The list of subcommands, in the order in which --help shows them.

#pragma once

namespace CLI {
class App;
}

namespace chiliad::app {

void add_all_commands(CLI::App& app);

void add_generate_command(CLI::App& app);
void add_split_command(CLI::App& app);
void add_train_command(CLI::App& app);
void add_forecast_command(CLI::App& app);
void add_evaluate_command(CLI::App& app);
void add_cross_validate_command(CLI::App& app);
void add_tune_command(CLI::App& app);
void add_inspect_command(CLI::App& app);
void add_plot_command(CLI::App& app);
void add_holidays_command(CLI::App& app);
void add_serve_command(CLI::App& app);
void add_up_command(CLI::App& app);
void add_env_command(CLI::App& app);
void add_runtimes_command(CLI::App& app);
void add_store_command(CLI::App& app);
void add_parity_command(CLI::App& app);
void add_algorithm_command(CLI::App& app);

}  // namespace chiliad::app
