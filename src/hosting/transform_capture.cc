#include "hosting/transform_capture.h"

#include <fcntl.h>

#include "base/json_writer.h"
#include "base/uuid.h"

namespace chiliad::hosting {
namespace {

// "2022/02/14/17"
std::string hour_path(Instant time) {
  std::string text = format_instant_fixed(time, 0).substr(0, 13);
  for (char& c : text) {
    if (c == '-' || c == 'T') c = '/';
  }
  return text;
}

}  // namespace

Result<std::unique_ptr<TransformCapture>> TransformCapture::open(const TransformPlan& plan, const S3Location& output,
                                                                 Instant start) {
  Result<S3Location> to = parse_s3_uri(plan.capture_destination);
  if (!to) return std::move(to).error().in("DataCaptureConfig.DestinationS3Uri");
  Result<TempFolder> folder = TempFolder::make();
  if (!folder) return std::move(folder).error();
  return std::unique_ptr<TransformCapture>(
      new TransformCapture(plan, output, start, as_folder(*std::move(to)), *std::move(folder)));
}

TransformCapture::TransformCapture(const TransformPlan& plan, const S3Location& output, Instant start, S3Location to,
                                   TempFolder folder)
    : name_(plan.name),
      output_(output.uri()),
      to_(std::move(to)),
      hour_(hour_path(start)),
      folder_(std::move(folder)),
      read_(folder_.path() / "read"),
      written_(folder_.path() / "written") {}

Result<Done> TransformCapture::add(const TransformObject& object) {
  const std::string_view before = std::string_view(object.key).substr(0, object.key.size() - object.relative.size());
  const MutexLock lock(mutex_);
  Result<Done> done = add(read_, S3Location{object.bucket, std::string(before)}.uri(), object.relative);
  if (!done) return done;
  return add(written_, output_, object.relative + ".out");
}

Result<Done> TransformCapture::add(Manifest& manifest, std::string_view prefix, std::string_view name) {
  std::string text;
  if (!manifest.begun) {
    text = "[{\"prefix\":";
    append_json_string(text, prefix);
    text += '}';
    manifest.begun = true;
  }
  text += ",\n";
  append_json_string(text, name);
  return manifest.text.append(text);
}

Result<Done> TransformCapture::finish(store::Buckets& buckets, Deadline deadline) {
  Result<std::shared_ptr<store::ObjectStore>> store = buckets.open(to_.bucket);
  if (!store) return std::move(store).error().in("DataCaptureConfig.DestinationS3Uri");
  const MutexLock lock(mutex_);
  Result<Done> done = this->store(read_, "input", **store, deadline);
  if (done) done = this->store(written_, "output", **store, deadline);
  if (!done) return std::move(done).error().in("DataCaptureConfig.DestinationS3Uri");
  return Done{};
}

Result<Done> TransformCapture::store(Manifest& manifest, std::string_view kind, store::ObjectStore& store,
                                     Deadline deadline) {
  if (Result<Done> closed = manifest.text.append("]\n"); !closed) return closed;
  const std::filesystem::path path = folder_.path() / kind;
  Result<FileDescriptor> file = open_file(path, O_WRONLY | O_CREAT | O_EXCL);
  if (!file) return std::move(file).error();
  if (Result<Done> moved = manifest.text.move_to(*file, path); !moved) return moved;
  const std::string key = to_.key + std::string(kind) + "/" + hour_ + "/" + name_ + ".jsonl";
  Result<store::ObjectInfo> info = store.upload(path, key, deadline);
  if (!info) return std::move(info).error();
  return Done{};
}

Result<std::string> with_inference_id(std::string answer, bool csv, Instant start) {
  const std::string time = format_instant_fixed(start, 0) + "Z";
  if (csv) {
    std::string out;
    for (std::size_t begin = 0; begin < answer.size();) {
      const std::size_t end = std::min(answer.find('\n', begin), answer.size());
      out.append(answer, begin, end - begin).append(",").append(make_uuid()).append(",").append(time);
      if (end < answer.size()) out += '\n';
      begin = end + 1;
    }
    return out;
  }
  const std::size_t open = answer.find_first_not_of(" \t\r\n"), close = answer.find_last_not_of(" \t\r\n");
  if (open == std::string::npos || answer[open] != '{' || answer[close] != '}') {
    return Error{ErrorCode::kInvalid,
                 "DataCaptureConfig.GenerateInferenceId: the answer is neither a JSON object nor CSV (Accept)"};
  }
  const bool empty = answer.find_first_not_of(" \t\r\n", open + 1) == close;
  answer.resize(close);
  answer.append(empty ? "" : ",").append("\"SageMakerInferenceId\":\"").append(make_uuid());
  return answer.append("\",\"SageMakerInferenceTime\":\"").append(time).append("\"}");
}

}  // namespace chiliad::hosting
