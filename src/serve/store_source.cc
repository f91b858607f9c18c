#include "serve/store_source.h"

#include <array>
#include <system_error>

#include "archive/archive.h"
#include "base/file.h"
#include "forecast/stored_form.h"
#include "serve/forecast_model.h"

namespace chiliad::serve {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kModelFile = "model.json";

// model_to_json's text, also as a JSON string that holds it, as old versions of Prophet stored it.
bool looks_like_json(std::string_view bytes) {
  const std::size_t first = bytes.find_first_not_of(" \t\r\n");
  return first != std::string_view::npos && (bytes[first] == '{' || bytes[first] == '"');
}

Error too_large(std::string_view name, std::uint64_t bytes, std::uint64_t limit) {
  return Error{ErrorCode::kTooLarge, std::string(name) + ": " + std::to_string(bytes) +
                                         " bytes are more than the limit of " + std::to_string(limit) +
                                         " for a stored model"};
}

// The file that holds the model: `path` itself, or in a folder model.json or the only archive.
Result<fs::path> model_file(const fs::path& path) {
  std::error_code error;
  if (!fs::is_directory(path, error)) return path;
  if (fs::exists(path / kModelFile, error)) return path / kModelFile;
  std::vector<fs::path> archives;
  for (const fs::directory_entry& entry : fs::directory_iterator(path, error)) {
    const std::string name = entry.path().filename().string();
    if (name.ends_with(".tar.gz") || name.ends_with(".tgz") || name.ends_with(".tar")) archives.push_back(entry.path());
  }
  if (error) return system_error("read folder", path, error.value());
  if (archives.size() == 1) return archives.front();
  return Error{ErrorCode::kCorrupt, path.string() + ": expected " + std::string(kModelFile) + " or one archive in it"};
}

// `path` with links resolved, if it is below `root`.
Result<fs::path> below(const fs::path& root, const fs::path& path) {
  std::error_code error;
  const fs::path real_root = fs::canonical(root, error);
  if (error) return system_error("find", root, error.value());
  const fs::path real = fs::canonical(path, error);
  if (error) return system_error("find", path, error.value());
  const auto [in_root, rest] = std::mismatch(real_root.begin(), real_root.end(), real.begin(), real.end());
  if (in_root != real_root.end() || rest == real.end()) {
    return Error{ErrorCode::kInvalid, "url: " + path.string() + " is not below " + root.string()};
  }
  return real;
}

}  // namespace

Result<std::unique_ptr<const Model>> load_forecast_model(std::string_view name, std::string_view bytes,
                                                         const ModelLimits& limits) {
  std::string unpacked;
  std::string_view json = bytes;
  if (!looks_like_json(bytes)) {
    archive::ReadLimits archive_limits;
    archive_limits.max_total_bytes = limits.unpacked_bytes;
    Result<std::string> member = archive::read_member(bytes, kModelFile, archive_limits);
    if (!member) {
      Error error = std::move(member).error();
      // An archive without a model is a damaged one to whoever asks for a forecast: the object itself is there.
      if (error.code == ErrorCode::kNotFound) error.code = ErrorCode::kCorrupt;
      return std::move(error).in(name);
    }
    unpacked = std::move(*member);
    json = unpacked;
  }
  Result<forecast::FittedModel> fitted = forecast::model_from_json(json, forecast::KeepHistory::kNo);
  if (!fitted) return std::move(fitted).error().in(kModelFile).in(name);
  return std::unique_ptr<const Model>(std::make_unique<ForecastModel>(std::move(*fitted)));
}

// The version is read before the bytes: an object replaced in between looks older than it is and is read once more,
// never newer than it is.
Result<ModelSource::Stored> StoreSource::fetch(std::string_view name, const std::optional<fs::path>& keep_at,
                                               Deadline deadline) {
  Result<store::ObjectInfo> info = store_.head(name, deadline);
  if (!info) return std::move(info).error();
  if (info->size_bytes > limits_.archive_bytes) return too_large(name, info->size_bytes, limits_.archive_bytes);
  Result<std::string> bytes(std::string{});
  if (keep_at) {
    Result<store::ObjectInfo> downloaded = store_.download(name, *keep_at, deadline);
    if (!downloaded) return std::move(downloaded).error();
    bytes = read_file(*keep_at, limits_.archive_bytes);
  } else {
    bytes = store_.get(name, store::ByteRange{}, deadline);
  }
  if (!bytes) return std::move(bytes).error();
  if (bytes->size() > limits_.archive_bytes) return too_large(name, bytes->size(), limits_.archive_bytes);
  return Stored{std::move(*bytes), std::move(info->etag)};
}

Result<std::unique_ptr<const Model>> StoreSource::load(std::string_view name, std::string_view bytes) {
  return load_forecast_model(name, bytes, limits_);
}

Result<Done> ListedSource::add(std::string_view name, std::string_view url) {
  if (url.empty() || url.front() != '/' || url.find('\0') != std::string_view::npos) {
    return Error{ErrorCode::kInvalid,
                 "url: expected an absolute path on this machine; nothing is fetched from elsewhere"};
  }
  Result<fs::path> path = below(root_, fs::path(url));
  if (!path) return std::move(path).error();
  const MutexLock lock(mutex_);
  if (!urls_.emplace(std::string(name), std::string(url)).second) {
    return Error{ErrorCode::kConflict, "model " + std::string(name) + " is loaded already"};
  }
  return Done{};
}

bool ListedSource::remove(std::string_view name) {
  const MutexLock lock(mutex_);
  return urls_.erase(std::string(name)) > 0;
}

std::string ListedSource::url(std::string_view name) const {
  const MutexLock lock(mutex_);
  const auto found = urls_.find(std::string(name));
  return found == urls_.end() ? std::string() : found->second;
}

Result<ModelSource::Stored> ListedSource::fetch(std::string_view name, const std::optional<fs::path>&, Deadline) {
  const std::string url = this->url(name);
  if (url.empty()) return Error{ErrorCode::kNotFound, "model " + std::string(name) + " is not loaded"};
  Result<fs::path> path = below(root_, fs::path(url));
  if (!path) return std::move(path).error();
  Result<fs::path> file = model_file(*path);
  if (!file) return std::move(file).error();
  Result<fs::path> inside = below(root_, *file);
  if (!inside) return std::move(inside).error();
  Result<std::string> bytes = read_file(*inside, limits_.archive_bytes);
  if (!bytes) return std::move(bytes).error();
  return Stored{std::move(*bytes), url};
}

Result<std::unique_ptr<const Model>> ListedSource::load(std::string_view name, std::string_view bytes) {
  return load_forecast_model(name, bytes, limits_);
}

}  // namespace chiliad::serve
