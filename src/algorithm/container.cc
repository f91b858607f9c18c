#include "algorithm/container.h"

#include <algorithm>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "base/file.h"

namespace chiliad::algorithm {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

constexpr std::string_view kRoot = "/opt/ml";

// Null where the file is missing.
Result<Json> read_json(const fs::path& path) {
  Result<std::string> text = read_file(path, kMaxConfigBytes);
  if (!text) {
    if (text.error().code == ErrorCode::kNotFound) return Json();
    return std::move(text).error();
  }
  Json json = Json::parse(*text, nullptr, false);
  if (!json.is_object()) return Error{ErrorCode::kInvalid, path.string() + ": expected a JSON object"};
  return json;
}

std::string text_of(const Json& object, const char* name, std::string otherwise = {}) {
  if (!object.is_object()) return otherwise;
  const auto member = object.find(name);
  return member != object.end() && member->is_string() ? member->get<std::string>() : otherwise;
}

bool is_plain_name(std::string_view name) {
  return !name.empty() && name != "." && name != ".." && name.find('/') == std::string_view::npos;
}

}  // namespace

Result<Container> Container::open(fs::path root, bool training) {
  Container out;
  out.root_ = std::move(root);
  const fs::path folder = out.root_ / (training ? "input/config" : "config");
  Result<Json> resources = read_json(folder / "resourceconfig.json");
  if (!resources) return std::move(resources).error();
  if (resources->is_object()) {
    out.host_ = text_of(*resources, "current_host", "algo-1");
    std::vector<std::string> hosts;
    if (const auto list = resources->find("hosts"); list != resources->end() && list->is_array()) {
      for (const Json& host : *list) hosts.push_back(host.is_string() ? host.get<std::string>() : "");
    }
    const auto self = std::ranges::find(hosts, out.host_);
    if (self == hosts.end())
      return Error{ErrorCode::kInvalid, "resourceconfig.json: current_host is not among the hosts"};
    out.index_ = static_cast<std::size_t>(self - hosts.begin());
    out.count_ = hosts.size();
  }

  Result<Json> config = read_json(folder / (training ? "inputdataconfig.json" : "processingjobconfig.json"));
  if (!config) return std::move(config).error();
  if (!config->is_object()) return out;
  if (training) {
    for (const auto& [name, channel] : config->items()) {
      if (!is_plain_name(name))
        return Error{ErrorCode::kInvalid, "inputdataconfig.json: a channel's name is no folder"};
      out.channels_.push_back({name, out.root_ / "input/data" / name,
                               text_of(channel, "S3DistributionType", "FullyReplicated"),
                               channel.is_object() && channel.contains("AttributeNames")});
    }
    return out;
  }
  if (const auto inputs = config->find("ProcessingInputs"); inputs != config->end() && inputs->is_array()) {
    for (const Json& input : *inputs) {
      const auto s3 = input.is_object() ? input.find("S3Input") : input.end();
      if (s3 == input.end() || !s3->is_object()) continue;
      Result<fs::path> place = out.place(text_of(*s3, "LocalPath"));
      if (!place) return std::move(place).error();
      out.channels_.push_back({text_of(input, "InputName"), *std::move(place),
                               text_of(*s3, "S3DataDistributionType", "FullyReplicated"),
                               s3->contains("AttributeNames")});
    }
  }
  const auto output_config = config->find("ProcessingOutputConfig");
  if (output_config == config->end() || !output_config->is_object()) return out;
  if (const auto outputs = output_config->find("Outputs"); outputs != output_config->end() && outputs->is_array()) {
    for (const Json& output : *outputs) {
      const auto s3 = output.is_object() ? output.find("S3Output") : output.end();
      if (s3 == output.end()) continue;
      Result<fs::path> place = out.place(text_of(*s3, "LocalPath"));
      if (!place) return std::move(place).error();
      out.outputs_.push_back(*std::move(place));
    }
  }
  return out;
}

Result<Container::Channel> Container::channel(const std::vector<std::string>& names) const {
  for (const std::string& name : names) {
    for (const Channel& channel : channels_) {
      if (channel.name == name) return channel;
    }
  }
  // Outside of a job: the folder alone says it.
  for (const std::string& name : names) {
    std::error_code failure;
    const fs::path folder = root_ / "input/data" / name;
    if (channels_.empty() && fs::is_directory(folder, failure)) return Channel{name, folder, "FullyReplicated", false};
  }
  if (channels_.size() == 1) return channels_.front();
  std::string there;
  for (const Channel& channel : channels_) there.append(there.empty() ? "" : ", ").append(channel.name);
  return Error{ErrorCode::kNotFound,
               "expected a channel '" + names.front() + "', found " + (there.empty() ? "none" : there)};
}

const Container::Channel* Container::input(std::string_view name) const {
  const auto found = std::ranges::find(channels_, name, &Channel::name);
  return found == channels_.end() ? nullptr : &*found;
}

fs::path Container::output() const { return outputs_.empty() ? root_ / "processing/output" : outputs_.front(); }

Result<fs::path> Container::place(std::string_view path) const {
  if (path.find("..") != std::string_view::npos)
    return Error{ErrorCode::kInvalid, "path '" + std::string(path.substr(0, 200)) + "': '..' is not taken"};
  while (path.ends_with('/')) path.remove_suffix(1);
  if (path == kRoot) return root_;
  if (path.starts_with(kRoot) && path[kRoot.size()] == '/') return root_ / path.substr(kRoot.size() + 1);
  return fs::path(path);
}

std::string in_contract(const fs::path& root, std::string text) {
  std::string_view outside = root.native();
  while (outside.ends_with('/')) outside.remove_suffix(1);
  if (outside.empty()) return text;
  for (std::size_t at = text.find(outside); at != std::string::npos; at = text.find(outside, at + kRoot.size()))
    text.replace(at, outside.size(), kRoot);
  return text;
}

void say(std::string_view text) {
  std::fwrite(text.data(), 1, text.size(), stdout);
  std::fputc('\n', stdout);
  std::fflush(stdout);
}

int fail(const fs::path& root, const Error& error) {
  const std::string reason = in_contract(root, error.message);
  say("failed: " + reason);
  std::error_code ignored;
  fs::create_directories(root / "output", ignored);
  // Where even this cannot be written the log has it.
  static_cast<void>(!write_file_atomically(root / "output/failure", reason, Durability::kNone));
  return 1;
}

}  // namespace chiliad::algorithm
