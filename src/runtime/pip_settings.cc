#include "runtime/pip_settings.h"

#include <algorithm>
#include <array>

#include "base/file.h"
#include "runtime/url_secrets.h"

namespace chiliad::runtime {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kConfigBytes = std::size_t{1} << 20;

// pip's options that say where packages come from and how they are reached; config files name them without PIP_.
constexpr std::array kPipVariables{
    "PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL", "PIP_NO_INDEX",    "PIP_FIND_LINKS", "PIP_TRUSTED_HOST",
    "PIP_CERT",      "PIP_CLIENT_CERT",     "PIP_PROXY",       "PIP_TIMEOUT",    "PIP_DEFAULT_TIMEOUT",
    "PIP_RETRIES",   "PIP_PREFER_BINARY",   "PIP_ONLY_BINARY", "PIP_NO_BINARY"};
constexpr std::array kOtherVariables{"http_proxy",    "https_proxy",  "all_proxy",          "no_proxy",
                                     "HTTP_PROXY",    "HTTPS_PROXY",  "ALL_PROXY",          "NO_PROXY",
                                     "SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"};

// What a box shows anyway.
constexpr std::array<std::string_view, 4> kSeenAnyway{"/usr/", "/lib/", "/etc/ssl/", "/bin/"};

std::string_view trim(std::string_view text) {
  constexpr std::string_view kBlanks = " \t\r\n";
  const std::size_t first = text.find_first_not_of(kBlanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlanks) - first + 1);
}

// "index-url" -> "PIP_INDEX_URL"
std::string variable_of(std::string_view key) {
  std::string name = "PIP_";
  for (const char c : key) name += c == '-' ? '_' : c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  return name;
}

std::vector<std::string_view> words_of(std::string_view value) {
  std::vector<std::string_view> words;
  while (!(value = trim(value)).empty()) {
    const std::size_t end = std::min(value.find_first_of(" \t\r\n,"), value.size());
    if (end > 0) words.push_back(value.substr(0, end));
    value.remove_prefix(std::min(end + 1, value.size()));
  }
  return words;
}

void read_over(std::map<std::string, std::string>& variables, const fs::path& file) {
  Result<std::string> text = read_file(file, kConfigBytes);
  if (!text) return;
  for (auto& [name, value] : read_pip_config(*text)) variables[name] = std::move(value);
}

void add_mounts(PipSettings& settings) {
  for (const auto& [name, value] : settings.variables) {
    for (std::string_view word : words_of(value)) {
      if (word.starts_with("file://")) word.remove_prefix(7);
      const std::string path(word);
      if (!path.starts_with('/') || fs::path(path).lexically_normal() == "/") continue;
      if (std::ranges::any_of(kSeenAnyway, [&](std::string_view seen) { return path.starts_with(seen); })) continue;
      std::error_code error;
      if (!fs::exists(path, error)) continue;
      const std::string inside = fs::path(path).lexically_normal().string();
      if (std::ranges::find(settings.mounts, inside, &process::Mount::inside) != settings.mounts.end()) continue;
      settings.mounts.push_back({inside, inside, false});
    }
  }
  // Outer folders first.
  std::ranges::sort(settings.mounts, {}, &process::Mount::inside);
}

}  // namespace

std::map<std::string, std::string> read_pip_config(std::string_view text) {
  std::map<std::string, std::string> global, install;
  std::map<std::string, std::string>* section = nullptr;
  std::string* value = nullptr;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    const std::string_view content = trim(line);
    if (content.empty() || content.front() == '#' || content.front() == ';') continue;
    if (line.front() == ' ' || line.front() == '\t') {
      // The value of the line before goes on.
      if (value != nullptr) value->append(value->empty() ? "" : " ").append(content);
      continue;
    }
    value = nullptr;
    if (content.front() == '[') {
      section = content == "[global]" ? &global : content == "[install]" ? &install : nullptr;
      continue;
    }
    const std::size_t equals = content.find_first_of("=:");
    if (section == nullptr || equals == std::string_view::npos) continue;
    const std::string name = variable_of(trim(content.substr(0, equals)));
    if (std::ranges::find(kPipVariables, name) == kPipVariables.end()) continue;
    value = &(*section)[name];
    *value = trim(content.substr(equals + 1));
  }
  for (auto& [name, text_of] : install) global[name] = std::move(text_of);
  return global;
}

bool holds_secret(std::string_view value) {
  return value.find('@') != std::string_view::npos || !secrets_of(value).empty();
}

PipConfiguration PipConfiguration::read(const VariableLookup& variable, const fs::path& system_file) {
  PipConfiguration configuration;
  read_over(configuration.variables_, system_file);
  const std::string home = variable("HOME"), own = variable("PIP_CONFIG_FILE");
  std::string config_home = variable("XDG_CONFIG_HOME");
  if (config_home.empty() && !home.empty()) config_home = home + "/.config";
  if (!home.empty()) read_over(configuration.variables_, fs::path(home) / ".pip/pip.conf");
  if (!config_home.empty()) read_over(configuration.variables_, fs::path(config_home) / "pip/pip.conf");
  if (!own.empty()) read_over(configuration.variables_, own);
  const auto take = [&](const char* name) {
    if (std::string value = variable(name); !value.empty()) configuration.variables_[name] = std::move(value);
  };
  for (const char* name : kPipVariables) take(name);
  for (const char* name : kOtherVariables) take(name);
  return configuration;
}

PipSettings PipConfiguration::for_builds() const {
  PipSettings settings{variables_, {}, {}};
  add_mounts(settings);
  for (const auto& [name, value] : variables_) {
    for (std::string& secret : secrets_of(value)) settings.secrets.push_back(std::move(secret));
  }
  std::ranges::stable_sort(settings.secrets, std::ranges::greater(), &std::string::size);
  return settings;
}

PipSettings PipConfiguration::for_programs() const {
  PipSettings settings;
  for (const auto& [name, value] : variables_) {
    if (name != "PIP_CLIENT_CERT" && !holds_secret(value)) settings.variables[name] = value;
  }
  add_mounts(settings);
  return settings;
}

}  // namespace chiliad::runtime
