#include "runtime/catalog.h"

#include <fmt/core.h>

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "base/file.h"
#include "runtime/catalog_reader.h"
#include "runtime/image_pattern.h"
#include "runtime/shipped_files.h"

namespace chiliad::runtime {
namespace {

constexpr std::size_t kFileBytes = std::size_t{1} << 20;

// What a person may paste into the file and go on from.
std::string example(std::string_view image) {
  const ImageName name = split_image(image);
  return fmt::format(
      "[[runtime]]\n"
      "name = \"{0}\"\n"
      "images = [\"{0}\"]\n"
      "like = \"scikit-learn\"\n"
      "(or, for an image that podman can run: kind = \"oci\")",
      name.name.empty() ? "my-image" : name.name);
}

}  // namespace

std::string_view kind_name(Kind kind) {
  switch (kind) {
    case Kind::kNative: return "native";
    case Kind::kPython: return "python";
    case Kind::kOci: return "oci";
  }
  return "";
}

std::string_view server_name(Server server) {
  switch (server) {
    case Server::kNone: return "none";
    case Server::kNative: return "native";
    case Server::kContainer: return "container";
  }
  return "";
}

std::string_view Catalog::built_in_text() { return shipped_file("runtimes.toml"); }

Catalog Catalog::built_in() {
  Result<std::vector<Entry>> entries = read_entries(built_in_text(), "built-in runtimes.toml", {});
  if (!entries) std::fprintf(stderr, "%s\n", entries.error().message.c_str());
  CHILIAD_CHECK(entries);
  Catalog catalog;
  catalog.entries_ = *std::move(entries);
  return catalog;
}

Result<Catalog> Catalog::parse(std::string_view text, std::string_view file) {
  Catalog under = built_in();
  Result<std::vector<Entry>> own = read_entries(text, file, under.entries_);
  if (!own) return std::move(own).error();
  Catalog catalog;
  catalog.file_ = file;
  catalog.entries_ = *std::move(own);
  for (Entry& entry : under.entries_) {
    if (catalog.named(entry.name) == nullptr) catalog.entries_.push_back(std::move(entry));
  }
  return catalog;
}

Result<Catalog> Catalog::read(const std::filesystem::path& file) {
  Result<std::string> text = read_file(file, kFileBytes);
  if (!text) return std::move(text).error();
  return parse(*text, file.string());
}

Result<const Entry*> Catalog::find(std::string_view image) const {
  for (const Entry& entry : entries_) {
    for (const std::string& pattern : entry.images) {
      if (image_matches(pattern, image)) return &entry;
    }
  }
  return Error{ErrorCode::kInvalid,
               fmt::format("image {}: no runtime claims it; add one to {} (a server reads it when it starts), "
                           "for example:\n{}",
                           image, file_.empty() ? "a file and name it with --runtimes" : file_, example(image))};
}

const Entry* Catalog::named(std::string_view name) const {
  const auto found = std::ranges::find(entries_, name, &Entry::name);
  return found == entries_.end() ? nullptr : &*found;
}

}  // namespace chiliad::runtime
