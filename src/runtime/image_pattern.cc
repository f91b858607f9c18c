#include "runtime/image_pattern.h"

#include <cstddef>

#include "runtime/catalog.h"

namespace chiliad::runtime {

ImageName split_image(std::string_view image) {
  ImageName out;
  if (const std::size_t at = image.find('@'); at != std::string_view::npos) {
    out.digest = image.substr(at + 1);
    image = image.substr(0, at);
  }
  const std::size_t slash = image.rfind('/');
  const std::size_t name = slash == std::string_view::npos ? 0 : slash + 1;
  // A ':' before the last '/' is a registry's port.
  if (const std::size_t colon = image.find(':', name); colon != std::string_view::npos) {
    out.tag = image.substr(colon + 1);
    image = image.substr(0, colon);
  }
  out.repository = image;
  out.name = image.substr(name);
  return out;
}

bool glob_matches(std::string_view pattern, std::string_view text) {
  // Where the last `*` was, and how much of the text it stands for: the only place ever gone back to.
  std::size_t p = 0, t = 0, star = std::string_view::npos, taken = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      taken = t;
    } else if (p < pattern.size() && (pattern[p] == '?' || pattern[p] == text[t])) {
      ++p;
      ++t;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      t = ++taken;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

bool image_matches(std::string_view pattern, std::string_view image) {
  const ImageName wanted = split_image(pattern), found = split_image(image);
  const bool whole = wanted.repository.size() != wanted.name.size();
  if (!glob_matches(wanted.repository, whole ? found.repository : found.name)) return false;
  if (!wanted.tag.empty() && !glob_matches(wanted.tag, found.tag)) return false;
  return wanted.digest.empty() || glob_matches(wanted.digest, found.digest);
}

}  // namespace chiliad::runtime
