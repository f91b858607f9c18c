#include "net/aws_config.h"

#include <algorithm>
#include <cctype>
#include <cstdlib>

#include "base/ascii.h"
#include "base/file.h"

namespace chiliad::net {
namespace {

using Section = std::map<std::string, std::string, std::less<>>;
using Sections = std::map<std::string, Section, std::less<>>;

constexpr std::uint64_t kMostFileBytes = 1 << 20;

std::string_view trim(std::string_view text) {
  const auto is_blank = [](char c) { return c == ' ' || c == '\t' || c == '\r'; };
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  return text;
}

// Lines "[section]", "name = value", indented "name = value" below a "name =" (stored as "outer.name"), '#' and ';'.
Sections parse_ini(std::string_view text) {
  Sections sections;
  Section* section = nullptr;
  std::string outer;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    const bool indented = !line.empty() && (line.front() == ' ' || line.front() == '\t');
    line = trim(line);
    if (line.empty() || line.front() == '#' || line.front() == ';') continue;
    if (line.front() == '[') {
      section = &sections[std::string(trim(line.substr(1, std::min(line.find(']'), line.size()) - 1)))];
      outer.clear();
      continue;
    }
    const std::size_t equals = line.find('=');
    if (section == nullptr || equals == std::string_view::npos) continue;
    const std::string name = lower_case(trim(line.substr(0, equals)));
    std::string_view value = trim(line.substr(equals + 1));
    for (const std::string_view mark : {" #", " ;", "\t#", "\t;"}) value = trim(value.substr(0, value.find(mark)));
    if (!indented) outer = value.empty() ? name : "";
    (*section)[indented && !outer.empty() ? outer + "." + name : name] = value;
  }
  return sections;
}

// Empty when there is none that can be read.
std::string read_text(const Environment& environment, const std::string& variable, const std::string& name) {
  std::string path = environment(variable);
  const std::string home = environment("HOME");
  if (path.empty() && home.empty()) return "";
  if (path.empty()) path = home + "/.aws/" + name;
  if (path.starts_with("~/")) path = home + path.substr(1);
  Result<std::string> text = read_file(path, kMostFileBytes);
  return text ? *std::move(text) : "";
}

Section section_of(const Sections& sections, const std::string& name) {
  const auto found = sections.find(name);
  return found == sections.end() ? Section() : found->second;
}

std::optional<std::string> value_of(const Section& section, std::string_view name) {
  const auto found = section.find(name);
  if (found == section.end() || found->second.empty()) return std::nullopt;
  return found->second;
}

}  // namespace

Environment process_environment() {
  return [](const std::string& name) {
    const char* value = std::getenv(name.c_str());
    return std::string(value != nullptr ? value : "");
  };
}

AwsConfig AwsConfig::load(const Environment& environment) {
  std::string profile = environment("AWS_PROFILE");
  if (profile.empty()) profile = environment("AWS_DEFAULT_PROFILE");
  return parse(std::move(profile), read_text(environment, "AWS_SHARED_CREDENTIALS_FILE", "credentials"),
               read_text(environment, "AWS_CONFIG_FILE", "config"));
}

AwsConfig AwsConfig::parse(std::string profile, std::string_view credentials, std::string_view config) {
  AwsConfig parsed;
  parsed.profile_ = profile.empty() ? "default" : std::move(profile);
  const Sections sections = parse_ini(config);
  parsed.credentials_ = section_of(parse_ini(credentials), parsed.profile_);
  parsed.config_ = section_of(sections, "profile " + parsed.profile_);
  if (parsed.profile_ == "default") parsed.config_.merge(section_of(sections, "default"));
  parsed.services_ = section_of(sections, "services " + value_of(parsed.config_, "services").value_or(""));
  return parsed;
}

std::optional<std::string> AwsConfig::setting(std::string_view name) const {
  std::optional<std::string> value = value_of(credentials_, name);
  return value ? value : value_of(config_, name);
}

std::optional<std::string> AwsConfig::service_setting(std::string_view service, std::string_view name) const {
  return value_of(services_, lower_case(service) + "." + std::string(name));
}

std::string aws_region(const Environment& environment, const AwsConfig& config) {
  for (const char* variable : {"AWS_REGION", "AWS_DEFAULT_REGION"})
    if (std::string value = environment(variable); !value.empty()) return value;
  return config.setting("region").value_or("us-east-1");
}

std::string aws_endpoint(const Environment& environment, const AwsConfig& config, std::string_view service) {
  const std::optional<std::string> ignored = config.setting("ignore_configured_endpoint_urls");
  if (lower_case(environment("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS")) == "true" ||
      lower_case(ignored.value_or("")) == "true")
    return "";
  for (const std::string& variable : {"AWS_ENDPOINT_URL_" + std::string(service), std::string("AWS_ENDPOINT_URL")})
    if (std::string value = environment(variable); !value.empty()) return value;
  if (std::optional<std::string> own = config.service_setting(service, "endpoint_url")) return *own;
  return config.setting("endpoint_url").value_or("");
}

}  // namespace chiliad::net
