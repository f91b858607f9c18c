# One library a folder of src/, linked to just the folders that src/LAYERS allows it.
#
#   src/<folder>/*.cc         the library chiliad_<folder>; for app/, the binary chiliad
#   src/<folder>/*_test.cc    the test program <folder>_test, one ctest a file; suites whose name ends in Long are left to
#                             ./run test-long
#   src/<folder>/*.toml, python/*.py   parts of the binary (cmake/Embed.cmake)
#   src/<folder>/*_fuzz.cc    a libFuzzer program each, with CHILIAD_FUZZERS; src/<folder>/*_fuzz_corpus/ seeds it

# Debug presets, and test programs in every preset, are compiled without optimisation, which halves the compiler's time;
# these folders compute so much that their tests would pay more than the compiler saves.
set(CHILIAD_COMPUTING base table archive forecast sample diagnose)

# ctest begins with these, so that none of them runs on alone when the others are done.
set(CHILIAD_LONGEST sample/posterior_test parity/check_folder_test prepare/split_test process/box_limits_test process/box_end_test
    job/runner_test runtime/python_environment_test)

# Most of a compiler's time goes into headers, which the files of a folder share: they are compiled some at a time. Names
# that a folder's files keep to themselves must differ for that. The preset dev compiles each file by itself: quicker
# after a change, and a file that forgets to include what it needs is found there.
option(CHILIAD_UNITY "Compile the files of a folder some at a time" ON)

# Much of a compiler's time goes into headers that nearly every file reads. They are compiled once for each set of flags:
# of libraries and of tests, each with and without those of CHILIAD_COMPUTING. A file still includes all it needs:
# ./run test-long builds everything with CHILIAD_PRECOMPILED=OFF. What GCC optimises goes without: it forgets which of the
# headers are the system's, and warns of bounds in <string> that are not there.
option(CHILIAD_PRECOMPILED "Compile the headers that most files read once" ON)

# chiliad_precompiled(<target> <kind> <folder>): library or test, of a folder.
function(chiliad_precompiled target kind folder)
  set(optimised OFF)
  if(folder IN_LIST CHILIAD_COMPUTING OR (kind STREQUAL "library" AND CMAKE_BUILD_TYPE STREQUAL "Release"))
    set(optimised ON)
  endif()
  if(NOT CHILIAD_PRECOMPILED OR (optimised AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU"))
    return()
  endif()
  set(name precompiled_${kind})
  if(folder IN_LIST CHILIAD_COMPUTING)
    set(name ${name}_computing)
  endif()
  if(NOT TARGET ${name})
    set(source ${CMAKE_BINARY_DIR}/precompiled/${name}.cc)
    file(CONFIGURE OUTPUT ${source} CONTENT "// Stands for the headers alone.\n")
    if(kind STREQUAL "test")
      add_executable(${name} EXCLUDE_FROM_ALL ${source})
      target_link_libraries(${name} PRIVATE GTest::gtest_main)
    else()
      add_library(${name} OBJECT EXCLUDE_FROM_ALL ${source})
    endif()
    target_link_libraries(${name} PRIVATE fmt::fmt Threads::Threads)
    target_include_directories(${name} PRIVATE ${CMAKE_SOURCE_DIR}/src ${CMAKE_SOURCE_DIR}/cmake)
    chiliad_optimises(${name} ${kind} ${folder})
    # By a name without a folder: to ccache the headers of every clone are the same.
    target_precompile_headers(${name} PRIVATE <precompiled_${kind}.h>)
  endif()
  target_precompile_headers(${target} REUSE_FROM ${name})
endfunction()

function(chiliad_unity target)
  set_target_properties(${target} PROPERTIES UNITY_BUILD ${CHILIAD_UNITY} UNITY_BUILD_BATCH_SIZE 8)
endfunction()

# The optimisation of a folder's library and tests.
function(chiliad_optimises target kind folder)
  if(folder IN_LIST CHILIAD_COMPUTING)
    target_compile_options(${target} PRIVATE $<$<CONFIG:Debug>:-O1>)
  elseif(kind STREQUAL "test")
    target_compile_options(${target} PRIVATE $<$<CONFIG:Release>:-O0>)
  endif()
endfunction()

# chiliad_uses(<folder> <targets>...): the third-party targets that a folder links.
macro(chiliad_uses folder)
  set(CHILIAD_USES_${folder} ${ARGN})
endmacro()

function(chiliad_tests folder sources libraries)
  if(NOT BUILD_TESTING OR NOT sources)
    return()
  endif()
  add_executable(${folder}_test ${sources})
  target_link_libraries(${folder}_test PRIVATE ${libraries} GTest::gtest_main)
  chiliad_optimises(${folder}_test test ${folder})
  chiliad_precompiled(${folder}_test test ${folder})
  chiliad_unity(${folder}_test)
  # One ctest a test file: its suites run in one process, which is quick, and a failure still names the file.
  foreach(source ${sources})
    get_filename_component(name ${source} NAME_WE)
    # Only where it is used, so that the other objects are the same for every clone.
    file(STRINGS ${source} uses_source_dir REGEX "CHILIAD_SOURCE_DIR")
    if(uses_source_dir)
      set_source_files_properties(${source} PROPERTIES COMPILE_DEFINITIONS CHILIAD_SOURCE_DIR="${CMAKE_SOURCE_DIR}")
    endif()
    file(STRINGS ${source} lines REGEX "^(TEST|TEST_F|TEST_P|TYPED_TEST)\\(")
    set(filter "")
    foreach(line ${lines})
      string(REGEX REPLACE "^(TEST|TEST_F|TEST_P|TYPED_TEST)\\(([A-Za-z0-9_]+),.*" "\\2" suite "${line}")
      if(NOT suite MATCHES "Long$")
        list(APPEND filter "${suite}.*" "*/${suite}.*" "${suite}/*")
      endif()
    endforeach()
    list(REMOVE_DUPLICATES filter)
    list(JOIN filter ":" filter)
    if(filter)
      add_test(NAME ${folder}/${name} COMMAND ${folder}_test --gtest_brief=1 --gtest_filter=${filter})
      set_tests_properties(${folder}/${name} PROPERTIES TIMEOUT 1800 LABELS unit)
      if(${folder}/${name} IN_LIST CHILIAD_LONGEST)
        set_tests_properties(${folder}/${name} PROPERTIES COST 60)
      endif()
      set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${source})
    endif()
  endforeach()
endfunction()

# Files of a folder that become part of the binary; <result> is the source that holds them. cmake/Embed.cmake.
function(chiliad_shipped folder result)
  file(GLOB files CONFIGURE_DEPENDS RELATIVE ${CMAKE_SOURCE_DIR}/src/${folder}
       ${CMAKE_SOURCE_DIR}/src/${folder}/*.toml ${CMAKE_SOURCE_DIR}/src/${folder}/python/*.py)
  set(${result} "" PARENT_SCOPE)
  if(NOT files)
    return()
  endif()
  list(SORT files)
  list(TRANSFORM files PREPEND ${CMAKE_SOURCE_DIR}/src/${folder}/ OUTPUT_VARIABLE paths)
  set(made ${CMAKE_BINARY_DIR}/shipped/${folder}.cc)
  add_custom_command(
    OUTPUT ${made}
    COMMAND ${CMAKE_COMMAND} -D FOLDER=${CMAKE_SOURCE_DIR}/src/${folder} -D "FILES=${files}" -D OUTPUT=${made}
            -P ${CMAKE_SOURCE_DIR}/cmake/Embed.cmake
    DEPENDS ${paths} ${CMAKE_SOURCE_DIR}/cmake/Embed.cmake
    VERBATIM)
  set(${result} ${made} PARENT_SCOPE)
endfunction()

function(chiliad_folder folder dependencies)
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/src/${folder}/*.cc)
  set(tests ${sources})
  set(fuzzers ${sources})
  list(FILTER tests INCLUDE REGEX "_test\\.cc$")
  list(FILTER fuzzers INCLUDE REGEX "_fuzz\\.cc$")
  list(FILTER sources EXCLUDE REGEX "_(test|fuzz)\\.cc$")
  if(NOT sources)
    return()
  endif()
  set(libraries "")
  foreach(dependency ${dependencies})
    if(TARGET chiliad_${dependency})
      list(APPEND libraries chiliad_${dependency})
    endif()
  endforeach()
  set(library chiliad_${folder})
  if(folder STREQUAL "app")
    list(FILTER sources EXCLUDE REGEX "/main\\.cc$")
  endif()
  chiliad_shipped(${folder} shipped)
  add_library(${library} STATIC ${sources} ${shipped})
  target_include_directories(${library} PUBLIC ${CMAKE_SOURCE_DIR}/src)
  target_link_libraries(${library} PUBLIC ${libraries} ${CHILIAD_USES_${folder}} Threads::Threads)
  chiliad_optimises(${library} library ${folder})
  chiliad_precompiled(${library} library ${folder})
  chiliad_unity(${library})
  if(folder STREQUAL "app")
    add_executable(chiliad ${CMAKE_SOURCE_DIR}/src/app/main.cc)
    target_link_libraries(chiliad PRIVATE ${library})
  endif()
  chiliad_tests(${folder} "${tests}" "${library}")
  if(folder STREQUAL "app" AND TARGET app_test)
    # Its tests run the program.
    add_dependencies(app_test chiliad)
  endif()
  if(CHILIAD_FUZZERS)
    foreach(fuzzer ${fuzzers})
      get_filename_component(name ${fuzzer} NAME_WE)
      add_executable(${folder}_${name} ${fuzzer})
      target_link_libraries(${folder}_${name} PRIVATE ${library})
      target_link_options(${folder}_${name} PRIVATE -fsanitize=fuzzer)
    endforeach()
  endif()
endfunction()

function(chiliad_folders)
  if(CHILIAD_FUZZERS)
    add_compile_options(-fsanitize=fuzzer-no-link)
  endif()
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/src/LAYERS)
  file(STRINGS ${CMAKE_SOURCE_DIR}/src/LAYERS lines REGEX "^[a-z]+:")
  foreach(line ${lines})
    string(REGEX MATCH "^[a-z]+" folder "${line}")
    string(REGEX REPLACE "^[a-z]+:" "" rest "${line}")
    string(REGEX MATCHALL "[a-z]+" dependencies "${rest}")
    chiliad_folder(${folder} "${dependencies}")
  endforeach()
  add_test(NAME layers COMMAND python3 ${CMAKE_SOURCE_DIR}/tool/check_layers.py ${CMAKE_SOURCE_DIR})
endfunction()
