// Catalog: what an image's name stands for on this machine: an Entry of kind native, python or oci.
//
//     image URI of a job or model --> first entry one of whose patterns matches --> how it trains, processes, serves
//
// Entries come from TOML (doc/runtimes.md has the format): a person's own file first, then the one that is built in,
// which knows chiliad's own images and AWS's framework images. An own entry with the name of a built-in one stands in
// its place and takes from it what it does not give, so that one line changes one thing.
//
// A pattern is matched against an image taken apart into repository, tag and digest: in the repository and in the tag
// `*` stands for any characters, also none and also '/', `?` for one character. A pattern without '/' is about the
// repository's last part, whatever the registry and account; one without a tag is about every tag.
//
//     pattern                           763104351884.dkr.ecr.us-east-1.amazonaws.com/mxnet-training:1.9.0-cpu-py38
//     mxnet-training                    matches
//     mxnet-*:1.9.*                     matches
//     *.amazonaws.com/mxnet-training    matches
//     mxnet                             does not match
//
// Source: TOML 1.0.0; AWS's list of registry paths of SageMaker's images.
//
// Thread safety: immutable values.

#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace chiliad::runtime {

enum class Kind : std::uint8_t {
  kNative,  // One of this program's own algorithms; no code of the caller's runs.
  kPython,  // The caller's code in a virtual environment (runtime/python_environment.h) in a box.
  kOci,     // A container image.
};

// What answers for models of the image.
enum class Server : std::uint8_t {
  kNone,       // It cannot serve.
  kNative,     // This program's own server: archives that hold a Prophet model.json, whatever code lies beside it.
  kContainer,  // A server that speaks the contract of SageMaker's containers: Entry::serve, or the oci image.
};

// "native", "python", "oci"; "none", "native", "container": the words of the file.
std::string_view kind_name(Kind kind);
std::string_view server_name(Server server);

struct Entry {
  std::string name;                 // "scikit-learn": letters, digits, '.', '_', '-'; unique in a catalog.
  std::vector<std::string> images;  // Patterns.
  Kind kind = Kind::kPython;
  Server server = Server::kNone;
  // All instances of a job start together and know each other by name; false: they do where the job itself says so.
  bool gang = false;
  std::map<std::string, std::string> environment;  // For every program that runs for it.

  // native: "split", "prophet", "evaluate": `chiliad algorithm <algorithm>`.
  std::string algorithm;

  // python: the interpreter (a name that is looked up in a box), what pip installs, what PIP_CONSTRAINT names, each one
  // requirement specifier.
  std::string python = "python3";
  std::vector<std::string> packages;
  std::vector<std::string> constraints;

  // python and oci: the command of a training job, of a processing job, of a model server; the first word is looked up
  // in the environment's PATH. What a request names itself (ContainerEntrypoint) comes first. Empty: python cannot do
  // this; an oci image's own entry point does it, with the argument "train" or "serve" as in SageMaker.
  std::vector<std::string> train;
  std::vector<std::string> process;
  std::vector<std::string> serve;

  // oci: the image that is run; empty: the one that the request names.
  std::string image;

  // Where it stands: "runtimes.toml:12"; "built-in runtimes.toml:12".
  std::string source;
};

class Catalog {
 public:
  // The entries that are built in.
  static Catalog built_in();
  // The text that built_in() is read from.
  static std::string_view built_in_text();

  // The entries of `text` first, then the built-in ones. `file` is the name that errors tell.
  // Errors: kInvalid: "runtimes.toml:12: runtime 'mine': packages: expected strings, found an integer"; no TOML, a key
  // that no entry has, a value of another kind or outside its rules, a name given twice, a key that the entry's kind
  // has no use for.
  static Result<Catalog> parse(std::string_view text, std::string_view file);

  // parse() of a file. Errors: as parse(); as base/file.h.
  static Result<Catalog> read(const std::filesystem::path& file);

  // In the order in which they are asked.
  const std::vector<Entry>& entries() const { return entries_; }

  // The first entry that claims the image. Errors: kInvalid: none does; the message says what to add to which file.
  Result<const Entry*> find(std::string_view image) const;
  // Null: there is none of that name.
  const Entry* named(std::string_view name) const;

 private:
  std::vector<Entry> entries_;
  std::string file_;  // Of the person's own; empty: none was read.
};

// Whether a pattern, as above, matches an image.
bool image_matches(std::string_view pattern, std::string_view image);

}  // namespace chiliad::runtime
