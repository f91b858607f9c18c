#include "runtime/image_pattern.h"

#include <cstddef>

#include "base/wildcard.h"
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

bool image_matches(std::string_view pattern, std::string_view image) {
  const ImageName wanted = split_image(pattern), found = split_image(image);
  const bool whole = wanted.repository.size() != wanted.name.size();
  if (!Wildcard::of(wanted.repository).matches(whole ? found.repository : found.name)) return false;
  if (!wanted.tag.empty() && !Wildcard::of(wanted.tag).matches(found.tag)) return false;
  return wanted.digest.empty() || Wildcard::of(wanted.digest).matches(found.digest);
}

}  // namespace chiliad::runtime
