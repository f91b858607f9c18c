#include "app/examples.h"

#include <CLI/CLI.hpp>
#include <string>
#include <string_view>

namespace chiliad::app {
namespace {

struct Examples {
  std::string_view command;
  std::string_view lines;
};

constexpr Examples kExamples[] = {
    {"generate", "  chiliad generate --customers 20 --output rows.csv\n"},
    {"split", "  chiliad split --input rows.csv --output series\n"},
    {"train",
     "  chiliad train --data series --models models --holdout 7\n"
     "  chiliad train --data series --models models --holdout 7 --seasonality-mode multiplicative --report report.csv\n"
     "  chiliad train --data rows.csv --models s3://bucket/fleet --history none\n"},
    {"forecast",
     "  chiliad forecast --models models --period 7 --output forecasts.csv\n"
     "  chiliad forecast --models models --period 7 --columns yhat,trend --quantiles 0.05,0.95\n"},
    {"evaluate",
     "  chiliad evaluate --data series --holdout 7\n"
     "  chiliad evaluate --data series --models models --output errors.csv\n"},
    {"cross-validate", "  chiliad cross-validate --data series --horizon '30 days' --worst 3\n"},
    {"inspect", "  chiliad inspect models/8.tar.gz\n"},
    {"plot", "  chiliad plot --model models/8.tar.gz --period 30 --components --output 8.svg\n"},
    {"serve",
     "  chiliad serve --models models --listen 127.0.0.1:8080 --endpoint chiliad\n"
     "  curl -d '{\"period\": 7}' -H 'X-Amzn-SageMaker-Target-Model: 8.tar.gz' "
     "http://127.0.0.1:8080/endpoints/chiliad/invocations\n"},
    {"up",
     "  chiliad up --home state --listen 127.0.0.1:8080\n"
     "  eval \"$(chiliad env --home state)\"   # The addresses and keys, for any AWS client in this shell.\n"},
};

}  // namespace

void add_examples(CLI::App& app) {
  for (const Examples& examples : kExamples) {
    CLI::App* command = app.get_subcommand(std::string(examples.command));
    command->footer("Examples:\n" + std::string(examples.lines));
  }
}

}  // namespace chiliad::app
