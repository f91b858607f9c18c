// SeriesSource: the series of a fleet by name, one file each, in a folder or in an object store.
//
// A series' name is its file's name without ".csv" or ".csv.gz"; `chiliad split` makes names from customers' ids
// (prepare/customer_file.h). Order: the files' names sorted by their bytes, which is also the order of S3 keys, so that
// shards deal them out as SageMaker does.
//
// Thread safety: immutable after open(); read() from any threads at a time.

#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/result.h"
#include "base/time.h"
#include "prepare/key_list.h"
#include "store/object_store.h"

namespace chiliad::train {

class SeriesSource {
 public:
  // "s3://bucket/prefix" or a folder; only files right in it that end in ".csv" or ".csv.gz" count. Hidden files do
  // not. Errors: kNotFound: no such folder; kInvalid: no series in it, or one in two files; else as the store or
  // base/file.h.
  static Result<SeriesSource> open(std::string_view location, prepare::Shard shard = {});

  std::size_t size() const { return files_.size(); }
  std::string name(std::size_t i) const;

  // The customer's id: the decoded name; the name itself where it is nobody's encoding.
  std::string customer_id(std::size_t i) const;

  // "data/8.csv", for messages; "table.csv, customer 8" after show_as("table.csv").
  std::string path(std::size_t i) const;

  // The same of a series by its name, which this source need not hold.
  std::string path(const std::string& name) const;

  // What failed of series i: the error's message, which begins with the path unless it names it already.
  std::string reason(std::size_t i, const Error& error) const;

  // The folder is a spool of this table: messages name the table.
  void show_as(std::string table) { shown_as_ = std::move(table); }

  // The file's bytes, decompressed if they are gzip (table/gunzip.h: told by the bytes, not by the name). Errors:
  // kNotFound, kInvalid (a folder of that name), kForbidden, kTooLarge (over 512 MiB decompressed, or
  // over 16 MiB and more than 200 times the file), kCorrupt (gzip that
  // is damaged), or kUnavailable and kDeadline from a store.
  Result<std::string> read(std::size_t i, Deadline deadline) const;
  // The same by name.
  Result<std::string> read(const std::string& name, Deadline deadline) const;

  // Whether the series lie in an object store, whose failures concern all of them.
  bool remote() const { return store_ != nullptr; }

 private:
  Result<prepare::KeyList> list_folder() const;
  Result<prepare::KeyList> list_store() const;
  Result<Done> check_for_twins(const prepare::KeyList& files) const;
  Result<Done> read_long_ids();
  std::string path_of(std::string_view file) const;
  std::string file_of(const std::string& name) const;
  Result<std::string> read_series(const std::string& file, Deadline deadline) const;

  std::string location_;
  std::string shown_as_;
  std::shared_ptr<store::ObjectStore> store_;  // Null: a folder.
  prepare::KeyList files_;                     // Of this shard, in order.
  std::unordered_map<std::string, std::string> long_ids_;
};

}  // namespace chiliad::train
