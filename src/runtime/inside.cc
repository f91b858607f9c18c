#include "runtime/inside.h"

#include <fmt/core.h>

#include <initializer_list>
#include <system_error>
#include <utility>

#include "base/file.h"

namespace chiliad::runtime {
namespace {

namespace fs = std::filesystem;

Result<Done> make_link(const fs::path& target, const fs::path& link) {
  std::error_code error;
  fs::create_symlink(target, link, error);
  if (error) return system_error("make link", link, error.value());
  return Done{};
}

}  // namespace

std::string Interpreter::short_name() const {
  const std::size_t first = version.find('.');
  return "python" + version.substr(0, first == std::string::npos ? first : version.find('.', first + 1));
}

std::string Interpreter::modules_below(std::string_view prefix) const {
  return fmt::format("{}/lib/{}/site-packages", prefix, short_name());
}

Result<Done> make_virtual_environment(const fs::path& folder, const Interpreter& interpreter,
                                      std::span<const std::string_view> below) {
  const fs::path modules = interpreter.modules_below(folder.string());
  std::error_code error;
  for (const fs::path& part : {folder / "bin", modules}) {
    fs::create_directories(part, error);
    if (error) return system_error("make folder", part, error.value());
  }
  if (Result<Done> made = make_link(interpreter.path, folder / "bin/python3"); !made) return made;
  if (Result<Done> made = make_link("python3", folder / "bin/python"); !made) return made;
  if (interpreter.short_name() != "python3") {
    if (Result<Done> made = make_link("python3", folder / "bin" / interpreter.short_name()); !made) return made;
  }
  if (Result<Done> made = make_link("lib", folder / "lib64"); !made) return made;
  const std::string config = fmt::format("home = {}\ninclude-system-site-packages = false\nversion = {}\n",
                                         fs::path(interpreter.path).parent_path().string(), interpreter.version);
  // addsitedir, because a line that is a path would add the folder without the .pth files in it.
  std::string path;
  for (const std::string_view part : below)
    path += fmt::format("import site; site.addsitedir('{}')\n", interpreter.modules_below(part));
  for (const auto& [name, text] : std::initializer_list<std::pair<fs::path, const std::string&>>{
           {folder / "pyvenv.cfg", config}, {modules / "chiliad.pth", path}}) {
    if (Result<Done> written = write_file_atomically(name, text, Durability::kNone); !written) return written;
  }
  return Done{};
}

}  // namespace chiliad::runtime
