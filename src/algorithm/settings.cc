#include "algorithm/settings.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "algorithm/container.h"
#include "base/file.h"
#include "base/number.h"

namespace chiliad::algorithm {
namespace {

using Json = nlohmann::json;

constexpr std::size_t kMaxShown = 100;
constexpr std::string_view kVariable = "CHILIAD_";

std::string shown(std::string_view text) {
  std::string out("'");
  for (const char c : text.substr(0, kMaxShown)) out += c >= 0x20 && c < 0x7f ? c : '?';
  return out.append(text.size() > kMaxShown ? "...'" : "'");
}

std::string plain_name(std::string_view name) {
  std::string out(name);
  std::ranges::replace(out, '-', '_');
  return out;
}

std::string scalar_text(const Json& json) {
  return json.is_string() ? json.get<std::string>() : json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

// A value once more encoded as JSON becomes what it stands for; everything else stays text.
std::vector<std::string> decoded(std::string value) {
  if (value.empty() || (value.front() != '"' && value.front() != '[')) return {std::move(value)};
  const Json json = Json::parse(value, nullptr, false);
  if (json.is_string()) return {json.get<std::string>()};
  if (!json.is_array()) return {std::move(value)};
  std::vector<std::string> values;
  for (const Json& one : json) {
    if (one.is_structured()) return {std::move(value)};
    values.push_back(scalar_text(one));
  }
  return values;
}

Result<Json> parse_object(std::string_view text, std::string_view what) {
  if (text.size() > kMaxConfigBytes) return Error{ErrorCode::kTooLarge, std::string(what) + ": more than 4 MiB"};
  Json json = Json::parse(text.begin(), text.end(), nullptr, false);
  if (!json.is_object()) return invalid(std::string(what) + ": expected a JSON object");
  return json;
}

}  // namespace

Result<Settings> Settings::of_training(const std::filesystem::path& root) {
  Result<std::string> text = read_file(root / "input/config/hyperparameters.json", kMaxConfigBytes);
  if (!text) {
    if (text.error().code == ErrorCode::kNotFound) return Settings();
    return std::move(text).error();
  }
  return parse_hyperparameters(*text);
}

Result<Settings> Settings::of_processing(const std::filesystem::path& root) {
  Result<std::string> text = read_file(root / "config/processingjobconfig.json", kMaxConfigBytes);
  if (!text) return std::move(text).error();
  return parse_processing_config(*text);
}

Result<Settings> Settings::parse_hyperparameters(std::string_view text) {
  Result<Json> json = parse_object(text, "hyperparameters.json");
  if (!json) return std::move(json).error();
  Settings settings;
  for (const auto& [name, value] : json->items()) {
    if (name.starts_with("sagemaker_")) continue;
    if (value.is_structured()) return invalid("hyperparameter " + shown(name) + ": expected a string");
    if (Result<Done> added = settings.add(name, scalar_text(value), false); !added) return std::move(added).error();
  }
  return settings;
}

Result<Settings> Settings::parse_processing_config(std::string_view text) {
  Result<Json> json = parse_object(text, "processingjobconfig.json");
  if (!json) return std::move(json).error();
  Settings settings;
  if (const auto environment = json->find("Environment"); environment != json->end() && environment->is_object()) {
    for (const auto& [name, value] : environment->items()) {
      if (!name.starts_with(kVariable) || !value.is_string()) continue;
      std::string lower = name.substr(kVariable.size());
      for (char& c : lower) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
      if (Result<Done> added = settings.add(lower, value.get<std::string>(), false); !added)
        return std::move(added).error();
    }
  }
  const auto application = json->find("AppSpecification");
  if (application == json->end() || !application->is_object()) return settings;
  const auto arguments = application->find("ContainerArguments");
  if (arguments == application->end() || !arguments->is_array()) return settings;
  std::vector<std::string> texts;
  for (const Json& argument : *arguments) {
    if (!argument.is_string()) return invalid("ContainerArguments: expected strings");
    texts.push_back(argument.get<std::string>());
  }
  if (Result<Done> added = settings.add_arguments(texts); !added) return std::move(added).error();
  return settings;
}

Result<Done> Settings::add_arguments(const std::vector<std::string>& arguments) {
  std::map<std::string, bool> seen;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const std::string& argument = arguments[i];
    if (!argument.starts_with("--") || argument.size() == 2)
      return invalid("ContainerArguments: expected --name value, found " + shown(argument));
    const std::size_t equals = argument.find('=');
    const std::string name =
        plain_name(std::string_view(argument).substr(2, equals == std::string::npos ? equals : equals - 2));
    std::string value = "true";
    if (equals != std::string::npos) {
      value = argument.substr(equals + 1);
    } else if (i + 1 < arguments.size() && !arguments[i + 1].starts_with("--")) {
      value = arguments[++i];
    }
    if (Result<Done> added = add(name, std::move(value), !std::exchange(seen[name], true)); !added) return added;
  }
  return Done{};
}

Result<Done> Settings::add(std::string name, std::string value, bool replace) {
  std::string plain = plain_name(name);
  std::vector<std::string> values = decoded(std::move(value));
  if (replace) {
    values_.insert_or_assign(std::move(plain), std::move(values));
  } else if (!values_.emplace(plain, std::move(values)).second) {
    return invalid(shown(plain) + " is given twice");
  }
  return Done{};
}

const std::vector<std::string>* Settings::find(std::string_view name) {
  taken_.emplace(name, true);
  const auto known = values_.find(name);
  return known == values_.end() ? nullptr : &known->second;
}

void Settings::refuse(std::string_view name, std::string_view expected, std::string_view found) {
  if (!error_.empty()) return;
  error_.append(name).append(": expected ").append(expected).append(", found ").append(shown(found));
}

void Settings::take(std::string_view name, std::vector<std::string>& into) {
  if (const std::vector<std::string>* values = find(name)) into = *values;
}

void Settings::take(std::string_view name, std::string& into) {
  const std::vector<std::string>* values = find(name);
  if (values == nullptr) return;
  if (values->size() == 1) {
    into = values->front();
  } else {
    refuse(name, "one value", "a list");
  }
}

void Settings::take(std::string_view name, double& into) {
  std::string text;
  take(name, text);
  if (text.empty()) return;
  if (const std::optional<double> value = parse_double(text)) {
    into = *value;
  } else {
    refuse(name, "a number", text);
  }
}

void Settings::take(std::string_view name, std::int64_t& into, std::int64_t least, std::int64_t most) {
  std::string text;
  take(name, text);
  if (text.empty()) return;
  const std::optional<std::int64_t> value = parse_integer(text);
  if (value && *value >= least && *value <= most) {
    into = *value;
  } else {
    refuse(name, "a whole number from " + std::to_string(least) + " to " + std::to_string(most), text);
  }
}

void Settings::take(std::string_view name, bool& into) {
  std::string text;
  take(name, text);
  if (text.empty()) return;
  if (text == "true" || text == "True" || text == "yes" || text == "1") {
    into = true;
  } else if (text == "false" || text == "False" || text == "no" || text == "0") {
    into = false;
  } else {
    refuse(name, "true or false", text);
  }
}

Result<Done> Settings::finish() const {
  if (!error_.empty()) return invalid(error_);
  for (const auto& [name, values] : values_) {
    if (taken_.contains(name)) continue;
    std::string known;
    for (const auto& [taken, yes] : taken_) known.append(known.empty() ? "" : ", ").append(taken);
    return invalid(shown(name) + " is no setting here; known are: " + known);
  }
  return Done{};
}

}  // namespace chiliad::algorithm
