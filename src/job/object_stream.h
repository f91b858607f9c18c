// ObjectStream: the bytes of one object, a piece at a time, all of one version.
//
//     one GET                       where a list says that it fits a piece
//     HEAD, GET a piece, ..., HEAD  else: the second HEAD tells whether it was replaced meanwhile
//
// Memory: a piece. Thread safety: one thread at a time.

#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"
#include "store/object_store.h"

namespace chiliad::job {

class ObjectStream {
 public:
  static constexpr std::uint64_t kPiece = std::uint64_t{8} << 20;

  // `listed_bytes`: its size as a list had it, PlannedObject::kUnknown if none did. `store` must outlive the stream.
  ObjectStream(store::ObjectStore& store, std::string key, std::uint64_t listed_bytes)
      : store_(store), key_(std::move(key)), listed_bytes_(listed_bytes) {}

  // How many bytes next() will give in all. Errors: those of the store; kDeadline: a request took two minutes.
  Result<std::uint64_t> size();
  // Empty: that was all. Errors: as size(); kConflict: the object was replaced while it was read.
  Result<std::string> next();

 private:
  Result<Done> begin();

  store::ObjectStore& store_;
  const std::string key_;
  const std::uint64_t listed_bytes_;
  bool begun_ = false;
  std::uint64_t size_ = 0, at_ = 0;
  std::string whole_;  // Of an object that fits a piece, until next() has given it.
  std::string etag_;   // Empty: what was read came by one request.
};

}  // namespace chiliad::job
