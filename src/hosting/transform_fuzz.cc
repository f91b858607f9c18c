// Any bytes as a manifest, as a filter's JSONPath and the record that it is for. Checks that keys of an accepted
// manifest stay below its bucket's root, and that what was selected once is selected again from its own text.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "hosting/json_path.h"
#include "hosting/transform_input.h"
#include "hosting/transform_record.h"

namespace {

namespace hosting = chiliad::hosting;
using chiliad::Result;

void read_manifest(std::string_view text) {
  const Result<hosting::Manifest> manifest = hosting::parse_manifest(text);
  if (!manifest) return;
  CHILIAD_CHECK(!manifest->prefix.bucket.empty());
  for (const std::string& key : manifest->keys) {
    CHILIAD_CHECK(key != ".." && !key.starts_with("../") && key.find("/../") == std::string::npos);
  }
}

void read_record(std::string_view path, std::string_view record) {
  hosting::TransformPlan plan;
  plan.model.mode = hosting::Mode::kMultiModel;
  plan.input_filter = path;
  plan.join_input = true;
  const Result<hosting::TransformRecords> records = hosting::TransformRecords::open(plan);
  if (!records) return;
  const Result<hosting::TransformRecords::Sent> sent = records->sent(record, "in/8.json");
  if (!sent || !chiliad::aws::parse_json(record)) return;
  const Result<std::string> kept = records->kept(record, R"({"yhat":1})");
  CHILIAD_CHECK(kept);
  CHILIAD_CHECK(chiliad::aws::parse_json(*kept));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  read_manifest(text);
  const std::size_t line = std::min(text.find('\n'), text.size());
  read_record(text.substr(0, line), text.substr(std::min(text.size(), line + 1)));
  return 0;
}
