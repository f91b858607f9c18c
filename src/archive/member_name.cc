#include "archive/member_name.h"

namespace chiliad::archive {

std::string_view wrong_with_name(std::string_view name) {
  if (name.empty()) return "an empty name";
  if (name.size() > 4096) return "a name over 4096 bytes";
  if (name.front() == '/') return "an absolute name";
  if (name.find('\0') != std::string_view::npos) return "a NUL in the name";
  for (std::size_t start = 0; start <= name.size();) {
    const std::size_t slash = name.find('/', start);
    const std::string_view part = name.substr(start, slash == std::string_view::npos ? slash : slash - start);
    if (part == "..") return "a name that leaves the folder ('..')";
    if (part.empty() || part == ".") return "a name with an empty part or '.'";
    if (part.size() > 255) return "a part of the name over 255 bytes";
    if (slash == std::string_view::npos) break;
    start = slash + 1;
  }
  return {};
}

std::string_view plain_name(std::string_view name, bool is_folder) {
  while (name.starts_with("./")) name.remove_prefix(2);
  if (is_folder && name.ends_with('/') && name.size() > 1) name.remove_suffix(1);
  if (is_folder && name == ".") return {};
  return name;
}

std::string_view NameSet::add(std::string_view name, bool is_folder) {
  for (std::size_t slash = name.find('/'); slash != std::string_view::npos; slash = name.find('/', slash + 1)) {
    std::string above(name.substr(0, slash));
    if (files_.contains(above)) return "below a name that is a file";
    folders_.insert(std::move(above));
  }
  std::string own(name);
  if (files_.contains(own)) return "a name that comes twice";
  if (is_folder) {
    folders_.insert(std::move(own));
    return {};
  }
  if (folders_.contains(own)) return "a name that comes twice, as file and as folder";
  files_.insert(std::move(own));
  return {};
}

}  // namespace chiliad::archive
