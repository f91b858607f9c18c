#include "app/server_file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstdlib>

#include "aws/json.h"

namespace chiliad::app {
namespace {

namespace fs = std::filesystem;

fs::path lock_path(const fs::path& home) { return home / "run" / "lock"; }
fs::path file_path(const fs::path& home) { return home / "run" / "server.json"; }

Result<Done> make_private_folder(const fs::path& folder) {
  std::error_code error;
  fs::create_directories(folder.parent_path(), error);
  if (::mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST) return system_error("make folder", folder, errno);
  return Done{};
}

}  // namespace

Result<fs::path> default_home() {
  const auto variable = [](const char* name) {
    const char* value = std::getenv(name);
    return value == nullptr ? std::string_view() : std::string_view(value);
  };
  if (const std::string_view home = variable("CHILIAD_HOME"); !home.empty()) return fs::path(home);
  if (const std::string_view data = variable("XDG_DATA_HOME"); !data.empty()) return fs::path(data) / "chiliad";
  if (const std::string_view user = variable("HOME"); !user.empty()) return fs::path(user) / ".local/share/chiliad";
  return Error{ErrorCode::kInvalid, "--home is missing, and neither CHILIAD_HOME nor HOME is set"};
}

Result<Done> ServerFile::write(const fs::path& home) const {
  const aws::Json json = {{"url", url},
                          {"pid", pid},
                          {"region", region},
                          {"account", account},
                          {"signatures", signatures},
                          {"ca_bundle", ca_bundle},
                          {"s3_url", s3_url}};
  return write_file_atomically(file_path(home), aws::json_text(json) + "\n", Durability::kNone);
}

Result<ServerFile> ServerFile::read(const fs::path& home) {
  const auto none = [&home] {
    return Error{ErrorCode::kNotFound,
                 "no server runs for " + home.string() + "; start one with: chiliad up --home " + home.string()};
  };
  // A server that was killed leaves its file behind, but not its lock.
  Result<FileDescriptor> lock = open_file(lock_path(home), O_RDONLY);
  if (!lock && lock.error().code == ErrorCode::kNotFound) return none();
  if (!lock) return std::move(lock).error();
  if (::flock(lock->get(), LOCK_SH | LOCK_NB) == 0) return none();

  Result<std::string> text = read_file(file_path(home), 64 << 10);
  if (!text && text.error().code == ErrorCode::kNotFound) return none();  // It is just starting.
  if (!text) return std::move(text).error();
  Result<aws::Json> json = aws::parse_json(*text);
  if (!json) return Error{ErrorCode::kCorrupt, json.error().message}.in(file_path(home).string());
  ServerFile file;
  const auto take = [&json](std::string_view name, std::string& to) {
    if (const std::string* value = aws::string_member(*json, name)) to = *value;
  };
  take("url", file.url);
  take("region", file.region);
  take("account", file.account);
  take("ca_bundle", file.ca_bundle);
  take("s3_url", file.s3_url);
  file.pid = static_cast<int>(aws::integer_member(*json, "pid").value_or(0));
  file.signatures = aws::boolean_member(*json, "signatures").value_or(true);
  if (file.url.empty() || file.region.empty()) {
    return Error{ErrorCode::kCorrupt, file_path(home).string() + ": url or region is missing"};
  }
  return file;
}

Result<HomeLock> HomeLock::take(const fs::path& home) {
  for (const fs::path& folder : {home, home / "run"}) {
    if (Result<Done> made = make_private_folder(folder); !made) return std::move(made).error();
  }
  Result<FileDescriptor> file = open_file(lock_path(home), O_RDWR | O_CREAT, 0600);
  if (!file) return std::move(file).error();
  if (::flock(file->get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) return system_error("lock", lock_path(home), errno);
    return Error{ErrorCode::kConflict, "another chiliad up runs for " + home.string()};
  }
  return HomeLock(std::move(*file));
}

}  // namespace chiliad::app
