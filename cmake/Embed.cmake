# Files of a source folder as C++ text constants:
#   cmake -D FOLDER=src/runtime -D FILES="runtimes.toml;python/a.py" -D OUTPUT=shipped.cc -P Embed.cmake
# OUTPUT defines chiliad::<folder>::shipped_files() as <folder>/shipped_files.h declares it.

cmake_path(GET FOLDER FILENAME name)
set(text "// Made from the files of src/${name} by cmake/Embed.cmake.\n\n#include \"${name}/shipped_files.h\"\n\n")
string(APPEND text "namespace chiliad::${name} {\n\nstd::span<const ShippedFile> shipped_files() {\n")
string(APPEND text "  static constexpr ShippedFile kFiles[] = {\n")
foreach(file ${FILES})
  # As hexadecimal pairs: CMake would take ';' and '[' in a text for lists.
  file(READ ${FOLDER}/${file} bytes HEX)
  string(LENGTH "${bytes}" digits)
  math(EXPR size "${digits} / 2")
  string(REGEX REPLACE "(................................................................)" "\\1\"\n     \"" bytes "${bytes}")
  string(REGEX REPLACE "([0-9a-f][0-9a-f])" "\\\\x\\1" bytes "${bytes}")
  string(APPEND text "    {\"${file}\",\n     {\"${bytes}\", ${size}}},\n")
endforeach()
string(APPEND text "  };\n  return kFiles;\n}\n\n}  // namespace chiliad::${name}\n")
file(WRITE ${OUTPUT} "${text}")
