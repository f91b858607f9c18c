// Any bytes as the JSON text of a model: read with and without rows, and what was read is written and read again.

#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "forecast/stored_form.h"

using chiliad::Result;
using chiliad::forecast::FittedModel;
using chiliad::forecast::KeepHistory;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  for (const KeepHistory keep : {KeepHistory::kYes, KeepHistory::kNo}) {
    const Result<FittedModel> model = chiliad::forecast::model_from_json(text, keep);
    if (!model) continue;
    const std::string written = chiliad::forecast::model_to_json(*model);
    const Result<FittedModel> again = chiliad::forecast::model_from_json(written, keep);
    CHILIAD_CHECK(again);
    CHILIAD_CHECK(again->state().delta == model->state().delta);
  }
  return 0;
}
