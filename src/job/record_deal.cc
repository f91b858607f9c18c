#include "job/record_deal.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <vector>

#include "base/ascii.h"
#include "base/file.h"
#include "base/hash.h"
#include "base/number.h"
#include "job/download.h"
#include "job/location.h"
#include "table/gunzip.h"

namespace chiliad::job {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kPiece = std::size_t{256} << 10;
constexpr std::size_t kMaxLine = std::size_t{16} << 20;
constexpr std::size_t kBuffer = std::size_t{64} << 10;  // An instance.
constexpr std::int64_t kMaxColumn = 100'000;

// Lines of "\r\n" keep their '\r': it belongs to no field.
std::string_view without_return(std::string_view line) {
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

// The part of one object that goes to one instance.
class Share {
 public:
  Share(fs::path path, std::uint64_t free_bytes) : path_(std::move(path)), free_bytes_(free_bytes) {}

  Result<Done> add(std::string_view line, std::string_view header) {
    if (!file_) {
      std::error_code failure;
      fs::create_directories(path_.parent_path(), failure);
      if (failure) return system_error("make", path_.parent_path(), failure.value());
      Result<FileDescriptor> file = open_file(path_, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW);
      if (!file) return std::move(file).error();
      file_ = *std::move(file);
      if (!header.empty()) buffer_.append(header) += '\n';
    }
    buffer_.append(line) += '\n';
    return buffer_.size() >= kBuffer ? flush() : Result<Done>(Done{});
  }

  Result<Done> flush() {
    if (buffer_.empty()) return Done{};
    if (Result<Done> free = check_free_disk(path_.parent_path(), buffer_.size(), free_bytes_); !free) return free;
    if (Result<Done> done = write_all(file_, buffer_, path_); !done) return done;
    buffer_.clear();
    return Done{};
  }

 private:
  fs::path path_;
  std::uint64_t free_bytes_;
  FileDescriptor file_;
  std::string buffer_;
};

// Deals the lines of one object after another.
class Deal {
 public:
  Deal(const RecordRule& rule, std::size_t instances) : rule_(rule), instances_(instances) {}

  // Requires: as many shares as instances.
  void begin(std::vector<Share> shares) {
    shares_ = std::move(shares);
    header_.clear();
    header_seen_ = !rule_.header;
    if (rule_.column && !rule_.header) column_ = static_cast<std::size_t>(*parse_integer(*rule_.column)) - 1;
  }

  Result<Done> line(std::string_view text) {
    if (!header_seen_) return take_header(text);
    std::size_t to = next_ % instances_;
    if (rule_.column) {
      const std::optional<std::string> value = csv_field(without_return(text), column_);
      if (!value) return Error{ErrorCode::kInvalid, "expected at least " + std::to_string(column_ + 1) + " columns"};
      to = static_cast<std::size_t>(content_hash(*value) % instances_);
    }
    ++next_;
    return shares_[to].add(text, header_);
  }

  Result<Done> end() {
    for (Share& share : shares_) {
      if (Result<Done> done = share.flush(); !done) return done;
    }
    shares_.clear();
    return Done{};
  }

 private:
  Result<Done> take_header(std::string_view text) {
    header_ = text;
    header_seen_ = true;
    if (!rule_.column) return Done{};
    for (std::size_t i = 0;; ++i) {
      const std::optional<std::string> name = csv_field(without_return(text), i);
      if (!name) break;
      if (*name == *rule_.column) {
        column_ = i;
        return Done{};
      }
    }
    const std::optional<std::int64_t> position = parse_integer(*rule_.column);
    if (!position)
      return Error{ErrorCode::kInvalid, "the header has no column '" + shown(*rule_.column) + "' (AttributeNames)"};
    column_ = static_cast<std::size_t>(*position) - 1;
    return Done{};
  }

  const RecordRule& rule_;
  const std::size_t instances_;
  std::vector<Share> shares_;
  std::string header_;
  bool header_seen_ = true;
  std::size_t column_ = 0;
  std::uint64_t next_ = 0;
};

// The lines of a stream, without "\n" and "\r\n".
Result<Done> each_line(const table::PullBytes& bytes, Deal& deal, const std::atomic<bool>& cancel, Deadline deadline) {
  std::vector<char> piece(kPiece);
  std::string rest;
  std::uint64_t number = 0;
  const auto one = [&](std::string_view line) -> Result<Done> {
    ++number;
    Result<Done> done = line.size() > kMaxLine ? Error{ErrorCode::kTooLarge, "longer than 16 MiB"} : deal.line(line);
    if (!done) return std::move(done).error().in("line " + std::to_string(number));
    return done;
  };
  while (true) {
    if (cancel.load()) return Error{ErrorCode::kUnavailable, "the job is being stopped"};
    if (std::chrono::steady_clock::now() > deadline)
      return Error{ErrorCode::kDeadline, "dealing records took too long"};
    Result<std::size_t> got = bytes(piece);
    if (!got) return std::move(got).error();
    if (*got == 0) break;
    std::string_view text(piece.data(), *got);
    for (std::size_t end = text.find('\n'); end != std::string_view::npos; end = text.find('\n')) {
      Result<Done> done = rest.empty() ? one(text.substr(0, end)) : one(rest.append(text.substr(0, end)));
      if (!done) return done;
      rest.clear();
      text.remove_prefix(end + 1);
    }
    rest.append(text);
    if (rest.size() > kMaxLine + 1)
      return Error{ErrorCode::kTooLarge, "line " + std::to_string(number + 1) + ": longer than 16 MiB"};
  }
  return rest.empty() ? Result<Done>(Done{}) : one(rest);
}

Result<Done> deal_object(const PlannedInput& input, const PlannedObject& object, Deal& deal, int instances,
                         const fs::path& to, std::uint64_t free_bytes, const std::atomic<bool>& cancel,
                         Deadline deadline) {
  std::string name(object.name());
  if (input.gzip && name.ends_with(".gz") && name.size() > 3) name.resize(name.size() - 3);
  std::vector<Share> shares;
  for (int i = 1; i <= instances; ++i) shares.emplace_back(to / std::to_string(i) / name, free_bytes);
  deal.begin(std::move(shares));

  const std::uint64_t size = object.size_bytes == PlannedObject::kUnknown ? 0 : object.size_bytes;
  if (Result<Done> free = check_free_disk(to, 2 * size, free_bytes); !free) return free;
  const fs::path whole = to / "object";
  if (Result<store::ObjectInfo> info = input.store->download(object.key, whole, deadline); !info)
    return std::move(info).error();
  Result<FileDescriptor> file = open_file(whole, O_RDONLY);
  if (!file) return std::move(file).error();
  table::PullBytes bytes = [&](std::span<char> into) -> Result<std::size_t> {
    const ssize_t got = ::read(file->get(), into.data(), into.size());
    if (got < 0) return system_error("read", whole, errno);
    return static_cast<std::size_t>(got);
  };
  if (input.gzip) bytes = table::gunzip_if_gzip(std::move(bytes), shown(object.key));
  if (Result<Done> done = each_line(bytes, deal, cancel, deadline); !done) return done;
  if (Result<Done> done = deal.end(); !done) return done;
  std::error_code ignored;
  fs::remove(whole, ignored);
  return Done{};
}

}  // namespace

std::optional<std::string> csv_field(std::string_view line, std::size_t column) {
  std::size_t at = 0;
  for (std::size_t i = 0;; ++i) {
    std::string value;
    if (at < line.size() && line[at] == '"') {
      for (++at; at < line.size(); ++at) {
        if (line[at] != '"') {
          value += line[at];
        } else if (at + 1 < line.size() && line[at + 1] == '"') {
          value += line[++at];
        } else {
          ++at;
          break;
        }
      }
    }
    const std::size_t comma = line.find(',', at);
    if (i == column) return value.append(line.substr(at, comma == std::string_view::npos ? comma : comma - at));
    if (comma == std::string_view::npos) return std::nullopt;
    at = comma + 1;
  }
}

Result<RecordRule> record_rule(const Input& input) {
  RecordRule rule;
  const std::string type = lower_case(input.content_type);
  const std::string essence = type.substr(0, type.find(';'));
  if (!essence.empty() && essence != "text/csv" && essence != "text/plain" && essence != "application/jsonlines" &&
      essence != "application/x-ndjson") {
    return Error{ErrorCode::kInvalid, "ContentType '" + shown(input.content_type) +
                                          "': ShardedByRecord deals lines of text; expected text/csv, text/plain or "
                                          "application/jsonlines"};
  }
  rule.header = type.find("header=present") != std::string::npos;
  if (input.attributes.size() > 1)
    return Error{ErrorCode::kInvalid, "AttributeNames: ShardedByRecord takes one column"};
  if (input.attributes.empty()) return rule;
  rule.column = input.attributes[0];
  const std::optional<std::int64_t> position = parse_integer(*rule.column);
  if (position ? *position < 1 || *position > kMaxColumn : rule.column->empty())
    return Error{ErrorCode::kInvalid, "AttributeNames: expected a column's name or position from 1"};
  if (!position && !rule.header) {
    return Error{ErrorCode::kInvalid, "AttributeNames: column '" + shown(*rule.column) +
                                          "' by name needs ContentType \"text/csv; header=present\""};
  }
  return rule;
}

Result<Done> deal_records(const PlannedInput& input, const RecordRule& rule, int instances, const fs::path& to,
                          std::uint64_t free_bytes, const std::atomic<bool>& cancel, Deadline deadline) {
  std::error_code failure;
  fs::create_directories(to, failure);
  if (failure) return system_error("make", to, failure.value());
  Deal deal(rule, static_cast<std::size_t>(instances));
  for (const PlannedObject& object : input.objects) {
    Result<Done> done = deal_object(input, object, deal, instances, to, free_bytes, cancel, deadline);
    if (!done) return std::move(done).error().in("input " + shown(input.name) + ": '" + shown(object.key) + "'");
  }
  return Done{};
}

}  // namespace chiliad::job
