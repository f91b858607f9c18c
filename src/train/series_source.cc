#include "train/series_source.h"

#include <algorithm>
#include <system_error>

#include "prepare/customer_file.h"
#include "table/csv_reader.h"
#include "table/gunzip.h"

namespace chiliad::train {
namespace {

constexpr std::string_view kSuffix = ".csv";
constexpr std::string_view kGzip = ".gz";  // May follow.
// Each thread holds one series at a time. 10 million rows, a date and time and a value each, are 300 MB.
constexpr std::uint64_t kMaxSeriesBytes = std::uint64_t{512} << 20;
// Series compress to a tenth or so, one of zeros to a fiftieth; what promises more is a file made to fill the memory.
constexpr std::uint64_t kMostSeriesCompressed = 200;
constexpr std::uint64_t kSeriesAlwaysAllowed = std::uint64_t{16} << 20;

// "8.csv" of "8.csv.gz" and of itself.
std::string_view unpacked_name(std::string_view file) {
  if (file.ends_with(kGzip)) file.remove_suffix(kGzip.size());
  return file;
}

bool is_series_file(std::string_view file) {
  const std::string_view unpacked = unpacked_name(file);
  return unpacked.size() > kSuffix.size() && unpacked.ends_with(kSuffix) && !unpacked.starts_with('.');
}

}  // namespace

Result<SeriesSource> SeriesSource::open(std::string_view location, prepare::Shard shard) {
  SeriesSource source;
  source.location_ = location;
  if (location.starts_with("s3://")) {
    Result<std::unique_ptr<store::ObjectStore>> store = store::open_store(location);
    if (!store) return std::move(store).error();
    source.store_ = *std::move(store);
  }
  Result<prepare::KeyList> files = source.store_ ? source.list_store() : source.list_folder();
  if (!files) return std::move(files).error();
  if (files->empty()) {
    return Error{ErrorCode::kInvalid, std::string(location) +
                                          ": no series in it: expected one <id>.csv a customer, as "
                                          "`chiliad split` writes them"};
  }
  files->keep({});
  if (Result<Done> checked = source.check_for_twins(*files); !checked) return std::move(checked).error();
  if (shard.count > 1) files->keep(shard);
  source.files_ = *std::move(files);
  if (Result<Done> read = source.read_long_ids(); !read) return std::move(read).error();
  return source;
}

Result<prepare::KeyList> SeriesSource::list_folder() const {
  std::error_code failure;
  std::filesystem::directory_iterator folder(location_, failure);
  if (failure) return system_error("list", location_, failure.value());
  prepare::KeyList files;
  for (; folder != std::filesystem::directory_iterator(); folder.increment(failure)) {
    if (failure) return system_error("list", location_, failure.value());
    const std::string file = folder->path().filename().string();
    if (is_series_file(file)) files.add(file);
  }
  return files;
}

Result<prepare::KeyList> SeriesSource::list_store() const {
  prepare::KeyList files;
  store::ListRequest request;
  request.delimiter = "/";
  while (true) {
    Result<store::ListPage> page = store_->list(request, std::chrono::steady_clock::now() + std::chrono::minutes(5));
    if (!page) return std::move(page).error();
    for (const store::ObjectInfo& object : page->objects) {
      if (is_series_file(object.key)) files.add(object.key);
    }
    if (!page->next_token) return files;
    request.token = *page->next_token;
  }
}

// "8.csv" and "8.csv.gz" would be one series, and which of them is the right one would be a guess.
Result<Done> SeriesSource::check_for_twins(const prepare::KeyList& files) const {
  for (std::size_t i = 0; i < files.size(); ++i) {
    const std::string_view plain = unpacked_name(files[i]);
    if (plain.size() == files[i].size() || !files.contains(plain)) continue;
    return Error{ErrorCode::kInvalid, "one series in two files, " + path_of(plain) + " and " + path_of(files[i]) +
                                          ": take one of them away"};
  }
  return Done{};
}

// A missing index is no error: only names made of very long ids need one.
Result<Done> SeriesSource::read_long_ids() {
  bool hashed = false;
  for (std::size_t i = 0; i < size() && !hashed; ++i) hashed = prepare::is_hashed_customer_name(name(i));
  if (!hashed) return Done{};
  const std::string file(prepare::kLongIdIndex);
  Result<std::string> bytes = store_ ? store_->get(file, {}, std::chrono::steady_clock::now() + std::chrono::minutes(5))
                                     : read_file(std::filesystem::path(location_) / file, kMaxSeriesBytes);
  if (!bytes) return bytes.error().code == ErrorCode::kNotFound ? Result<Done>(Done{}) : std::move(bytes).error();
  table::CsvReader reader(*bytes, location_ + "/" + file);
  while (true) {
    switch (reader.next()) {
      case table::CsvReader::Step::kEnd: return Done{};
      case table::CsvReader::Step::kBad:
      case table::CsvReader::Step::kError: return reader.error();
      case table::CsvReader::Step::kRow:
        if (reader.fields().size() != 2) return reader.bad_row("expected a name and a customer's id");
        long_ids_.emplace(reader.fields()[0], reader.fields()[1]);
    }
  }
}

std::string SeriesSource::name(std::size_t i) const {
  std::string_view name = unpacked_name(files_[i]);
  name.remove_suffix(kSuffix.size());
  return std::string(name);
}

std::string SeriesSource::customer_id(std::size_t i) const {
  std::string name = this->name(i);
  if (const auto found = long_ids_.find(name); found != long_ids_.end()) return found->second;
  Result<std::string> id = prepare::decode_customer_id(name);
  return id ? *std::move(id) : name;
}

std::string SeriesSource::path_of(std::string_view file) const {
  return location_ + (location_.ends_with('/') ? "" : "/") + std::string(file);
}

std::string SeriesSource::path(std::size_t i) const {
  if (!shown_as_.empty()) return shown_as_ + ", customer " + customer_id(i);
  return path_of(files_[i]);
}

std::string SeriesSource::path(const std::string& name) const {
  if (shown_as_.empty()) return path_of(file_of(name));
  Result<std::string> id = prepare::decode_customer_id(name);
  return shown_as_ + ", customer " + (id ? *id : name);
}

std::string SeriesSource::reason(std::size_t i, const Error& error) const {
  const std::string path = this->path(i);
  return error.message.find(path) != std::string::npos ? error.message : path + ": " + error.message;
}

Result<std::string> SeriesSource::read(std::size_t i, Deadline deadline) const {
  return read_series(std::string(files_[i]), deadline);
}

Result<std::string> SeriesSource::read(const std::string& name, Deadline deadline) const {
  return read_series(file_of(name), deadline);
}

std::string SeriesSource::file_of(const std::string& name) const {
  const std::string plain = name + std::string(kSuffix);
  const std::string packed = plain + std::string(kGzip);
  return files_.contains(packed) ? packed : plain;
}

Result<std::string> SeriesSource::read_series(const std::string& file, Deadline deadline) const {
  Result<std::string> bytes = store_ ? store_->get(file, {.length = kMaxSeriesBytes + 1}, deadline)
                                     : read_file(std::filesystem::path(location_) / file, kMaxSeriesBytes);
  if (!bytes) return bytes;
  if (bytes->size() > kMaxSeriesBytes) {
    return Error{ErrorCode::kTooLarge,
                 path_of(file) + ": larger than the limit of " + std::to_string(kMaxSeriesBytes) + " bytes"};
  }
  if (!table::starts_like_gzip(*bytes)) return bytes;
  return table::gunzip(
      *bytes, path_of(file),
      std::min(kMaxSeriesBytes, std::max(kSeriesAlwaysAllowed, bytes->size() * kMostSeriesCompressed)));
}

}  // namespace chiliad::train
