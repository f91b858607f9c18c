#include "control/shapes.h"

#include <algorithm>

namespace chiliad::control {

const Operation* find_operation(std::string_view name) {
  const auto all = operations();
  const auto found = std::ranges::lower_bound(all, name, {}, &Operation::name);
  return found == all.end() || found->name != name ? nullptr : &*found;
}

bool is_other_operation(std::string_view name) { return std::ranges::binary_search(other_operations(), name); }

std::span<const Member> members(const Shape& structure) {
  return all_members().subspan(structure.first, structure.count);
}

const Member* find_member(const Shape& structure, std::string_view name) {
  for (const Member& member : members(structure))
    if (member.name == name) return &member;
  return nullptr;
}

std::span<const std::string_view> enumerators(const Shape& string) {
  return all_enumerators().subspan(string.first, string.count);
}

}  // namespace chiliad::control
