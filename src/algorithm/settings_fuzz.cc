// Any bytes as hyperparameters.json or processingjobconfig.json: an error or settings, never a crash.

#include <cstdint>

#include "algorithm/settings.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace chiliad::algorithm;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  for (auto read : {Settings::parse_hyperparameters, Settings::parse_processing_config}) {
    chiliad::Result<Settings> settings = read(text);
    if (!settings) continue;
    std::string word;
    std::vector<std::string> words;
    double number = 0;
    std::int64_t count = 0;
    bool yes = false;
    settings->take("growth", word);
    settings->take("add_seasonality", words);
    settings->take("value_column", number);
    settings->take("holdout", count, 0, 10);
    settings->take("overwrite", yes);
    static_cast<void>(static_cast<bool>(settings->finish()));
  }
  return 0;
}
