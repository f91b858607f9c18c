#include "hosting/capture.h"

#include <algorithm>
#include <cstdio>

#include "base/hash.h"
#include "base/json_writer.h"
#include "base/time.h"
#include "base/uuid.h"
#include "hosting/even_share.h"

namespace chiliad::hosting {
namespace {

using std::chrono::floor;
using std::chrono::steady_clock;
using std::chrono::system_clock;

constexpr auto kPutTime = std::chrono::seconds(30);

// "text/csv" of "text/csv; charset=utf-8".
std::string_view media_type(std::string_view type) {
  type = type.substr(0, type.find(';'));
  while (!type.empty() && type.back() == ' ') type.remove_suffix(1);
  return type;
}

bool listed(const std::vector<std::string>& types, std::string_view type) {
  return std::find(types.begin(), types.end(), media_type(type)) != types.end();
}

std::string base64_of(std::string_view bytes) {
  return base64({reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()});
}

void append_data(JsonWriter& json, std::string_view mode, std::string_view type, std::string_view data,
                 const CapturePlan& plan) {
  json.begin_object().key("observedContentType").string(type).key("mode").string(mode);
  if (listed(plan.csv_content_types, type)) {
    json.key("data").string(data).key("encoding").string("CSV");
  } else if (listed(plan.json_content_types, type)) {
    json.key("data").string(data).key("encoding").string("JSON");
  } else {
    json.key("data").string(base64_of(data)).key("encoding").string("BASE64");
  }
  json.end_object();
}

Instant instant_of(system_clock::time_point time) { return Instant(time.time_since_epoch()); }

auto hour_of(const CaptureRecord& record) { return floor<std::chrono::hours>(record.time); }

// "2022/02/14/17/25-06-123"
std::string path_of(system_clock::time_point time) {
  const std::string text = format_instant_fixed(instant_of(time), 3);  // "2022-02-14T17:25:06.123"
  std::string path;
  path.append(text, 0, 4).append("/").append(text, 5, 2).append("/").append(text, 8, 2).append("/");
  path.append(text, 11, 2).append("/").append(text, 14, 2).append("-").append(text, 17, 2).append("-");
  return path.append(text, 20, 3);
}

}  // namespace

std::size_t CaptureRecord::bytes() const {
  return sizeof(*this) + input.size() + input_type.size() + output.size() + output_type.size() +
         custom_attributes.size() + inference_id.size() + target_model.size();
}

std::string capture_line(const CaptureRecord& record, const CapturePlan& plan, std::string_view event_id) {
  JsonWriter json;
  json.begin_object().key("captureData").begin_object();
  if (plan.input) {
    json.key("endpointInput");
    append_data(json, "INPUT", record.input_type, record.input, plan);
  }
  if (plan.output) {
    json.key("endpointOutput");
    append_data(json, "OUTPUT", record.output_type, record.output, plan);
  }
  json.end_object().key("eventMetadata").begin_object().key("eventId").string(event_id);
  if (!record.custom_attributes.empty()) {
    json.key("customAttributes").begin_array().string(record.custom_attributes).end_array();
  }
  if (!record.inference_id.empty()) json.key("inferenceId").string(record.inference_id);
  json.key("inferenceTime").string(format_instant_fixed(instant_of(record.time), 0) + "Z");
  if (!record.target_model.empty()) json.key("targetModel").string(record.target_model);
  json.end_object().key("eventVersion").string("0").end_object();
  std::string line = std::move(json).take();
  line += '\n';
  return line;
}

// ---------------------------------------------------------------------------------------------------
// CaptureStream
// ---------------------------------------------------------------------------------------------------

bool CaptureStream::wanted() {
  if (plan_.sampling_percentage >= 100) return true;
  if (plan_.sampling_percentage <= 0) return false;
  const std::uint64_t at = even_share(calls_.fetch_add(1, std::memory_order_relaxed));
  return at / (UINT64_MAX / 100 + 1) < static_cast<std::uint64_t>(plan_.sampling_percentage);
}

bool CaptureStream::empty() {
  const MutexLock lock(mutex_);
  return records_.empty();
}

void CaptureStream::offer(CaptureRecord record) {
  const std::uint64_t bytes = record.bytes();
  const std::uint64_t before = writer_.bytes_.fetch_add(bytes, std::memory_order_relaxed);
  if (before + bytes > writer_.options_.max_bytes) {
    writer_.bytes_.fetch_sub(bytes, std::memory_order_relaxed);
    writer_.dropped_.fetch_add(1, std::memory_order_relaxed);
    return;
  }
  {
    const MutexLock lock(mutex_);
    records_.push_back(std::move(record));
  }
  const std::uint64_t half = writer_.options_.max_bytes / 2;
  if (before < half && before + bytes >= half) {
    const MutexLock lock(writer_.mutex_);
    writer_.full_ = true;
    writer_.wake_.notify_all();
  }
}

// ---------------------------------------------------------------------------------------------------
// CaptureWriter
// ---------------------------------------------------------------------------------------------------

CaptureWriter::CaptureWriter(Options options, store::BucketAccess& access, watch::LogSink& logs)
    : options_(options), access_(access), logs_(logs), thread_([this] { run(); }) {}

CaptureWriter::~CaptureWriter() {
  {
    const MutexLock lock(mutex_);
    stopping_ = true;
    wake_.notify_all();
  }
  thread_.join();
  flush();
}

Result<std::shared_ptr<CaptureStream>> CaptureWriter::stream(std::string endpoint, std::string variant,
                                                             CapturePlan plan, std::string role) {
  Result<S3Location> to = parse_s3_uri(plan.destination);
  if (!to) return std::move(to).error().in("DataCaptureConfig.DestinationS3Uri");
  std::shared_ptr<CaptureStream> made(new CaptureStream(*this, std::move(endpoint), std::move(variant), std::move(plan),
                                                        as_folder(std::move(*to)), std::move(role)));
  const MutexLock lock(mutex_);
  streams_.push_back(made);
  return made;
}

void CaptureWriter::run() {
  for (;;) {
    {
      const Deadline until = steady_clock::now() + options_.interval;
      const MutexLock lock(mutex_);
      while (!stopping_ && !full_ && steady_clock::now() < until) wake_.wait_until(mutex_, until);
      if (stopping_) return;
      full_ = false;
    }
    flush();
  }
}

void CaptureWriter::flush() {
  const MutexLock one(flushing_);
  std::vector<std::shared_ptr<CaptureStream>> streams;
  {
    const MutexLock lock(mutex_);
    streams = streams_;
  }
  constexpr long kOwners = 2;  // The list and this function: the variant has gone.
  for (const std::shared_ptr<CaptureStream>& stream : streams) write(*stream, stream.use_count() <= kOwners);
  streams.clear();
  const MutexLock lock(mutex_);
  std::erase_if(streams_, [](const std::shared_ptr<CaptureStream>& stream) {
    return stream.use_count() == 1 && stream->empty();
  });
}

// What the store refuses is kept for the next round, unless the stream is at its end, or the bucket is missing or not
// the role's to write to: others' records need the room.
void CaptureWriter::write(CaptureStream& stream, bool last) {
  std::vector<CaptureRecord> records;
  {
    const MutexLock lock(stream.mutex_);
    records.swap(stream.records_);
  }
  for (std::size_t begin = 0; begin < records.size();) {
    std::string lines;
    std::uint64_t bytes = 0;
    std::size_t end = begin;
    for (; end < records.size() && lines.size() < options_.max_file_bytes; ++end) {
      if (hour_of(records[end]) != hour_of(records[begin])) break;
      lines += capture_line(records[end], stream.plan_, make_uuid());
      bytes += records[end].bytes();
    }
    if (Result<Done> put = this->put(stream, records[begin], lines); !put) {
      failed_.fetch_add(1, std::memory_order_relaxed);
      const std::string text = "data capture: " + put.error().message;
      const watch::LogLine line{watch::now_in_milliseconds(), text};
      logs_.append("/aws/sagemaker/Endpoints/" + stream.endpoint_, stream.variant_ + "/data-capture", {&line, 1});
      const auto rest = records.begin() + static_cast<std::ptrdiff_t>(begin);
      const ErrorCode code = put.error().code;
      const bool never = code == ErrorCode::kForbidden || code == ErrorCode::kNotFound || code == ErrorCode::kInvalid;
      if (last || never) {
        dropped_.fetch_add(records.size() - begin, std::memory_order_relaxed);
        for (auto record = rest; record != records.end(); ++record) {
          bytes_.fetch_sub(record->bytes(), std::memory_order_relaxed);
        }
        return;
      }
      const MutexLock lock(stream.mutex_);
      stream.records_.insert(stream.records_.begin(), std::make_move_iterator(rest),
                             std::make_move_iterator(records.end()));
      return;
    }
    bytes_.fetch_sub(bytes, std::memory_order_relaxed);
    written_.fetch_add(end - begin, std::memory_order_relaxed);
    begin = end;
  }
}

Result<Done> CaptureWriter::put(const CaptureStream& stream, const CaptureRecord& first, std::string_view lines) {
  Result<std::shared_ptr<store::ObjectStore>> store = access_.of(stream.role_)->open(stream.to_.bucket);
  if (!store) return std::move(store).error();
  const std::string key = stream.to_.key + stream.endpoint_ + "/" + stream.variant_ + "/" + path_of(first.time) + "-" +
                          make_uuid() + ".jsonl";
  Result<store::ObjectInfo> info = (*store)->put(key, lines, {}, steady_clock::now() + kPutTime);
  if (!info) return std::move(info).error();
  return Done{};
}

CaptureWriter::Counters CaptureWriter::counters() const {
  return Counters{written_.load(std::memory_order_relaxed), dropped_.load(std::memory_order_relaxed),
                  failed_.load(std::memory_order_relaxed)};
}

}  // namespace chiliad::hosting
