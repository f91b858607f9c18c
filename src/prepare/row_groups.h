// RowGroups: rows gathered by customer in memory, each customer's in the order in which they came.
//
// Rows are kept as the text that will stand in the series file ("timestamp,value\n"), in chunks that double from 128
// bytes to 64 kB, so that a million customers with a row each and one customer with a million rows both waste less
// than half. Everything is dropped at once; memory is handed out from slabs that are kept for the next filling.
//
// Thread safety: one thread at a time.

#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace chiliad::prepare {

class RowGroups {
  struct Chunk;

 public:
  struct Group {
    std::string_view id;
    std::uint64_t hash = 0;
    std::uint64_t bytes = 0;  // Of all its rows.

   private:
    friend class RowGroups;
    Chunk* first = nullptr;
    Chunk* last = nullptr;
  };

  // `hash_seed` goes into every hash: a secret one keeps hostile ids from colliding.
  explicit RowGroups(std::uint64_t hash_seed) : hash_seed_(hash_seed) {}

  std::uint64_t hash_of(std::string_view id) const;

  // Room for `size` more bytes behind the customer's rows, to be filled by the caller before the next call.
  // Quick when the customer is the one of the call before.
  char* extend(std::string_view id, std::size_t size);

  // In the order in which customers first came.
  const std::deque<Group>& groups() const { return groups_; }

  // Calls `visit` (a string_view -> Result<Done>) with the rows of one group, in order, in pieces of some 256 kB; most
  // groups are one piece. `buffer` is scratch memory. Stops at the first error.
  template <class Visit>
  static Result<Done> for_each_piece(const Group& group, std::string& buffer, Visit visit) {
    buffer.clear();
    for (const Chunk* chunk = group.first; chunk != nullptr; chunk = chunk->next) {
      buffer.append(chunk->text(), chunk->used);
      if (buffer.size() < kPieceBytes && chunk->next != nullptr) continue;
      if (Result<Done> visited = visit(std::string_view(buffer)); !visited) return visited;
      buffer.clear();
    }
    return Done{};
  }

  // Bytes held, bookkeeping included.
  std::uint64_t memory() const {
    return slab_bytes_in_use_ + index_.capacity() * sizeof(Slot) + groups_.size() * sizeof(Group);
  }

  void clear();

 private:
  static constexpr std::size_t kPieceBytes = std::size_t{256} << 10;

  struct Slot {
    std::uint32_t group_plus_one = 0;  // 0: free.
    std::uint32_t tag = 0;             // The hash's upper half: most foreign slots are passed over without a look.
  };
  struct Chunk {
    Chunk* next;
    std::uint32_t used;
    std::uint32_t capacity;
    char* text() { return reinterpret_cast<char*>(this + 1); }
    const char* text() const { return reinterpret_cast<const char*>(this + 1); }
  };

  Group& find_or_add(std::string_view id);
  void grow_index();
  char* allocate(std::size_t size);
  Chunk* add_chunk(Group& group, std::size_t size);

  const std::uint64_t hash_seed_;
  std::deque<Group> groups_;
  std::vector<Slot> index_;  // Open addressing; its size is a power of two, at most half of it in use.
  Group* latest_ = nullptr;

  struct FreeSlab {
    void operator()(char* bytes) const;
  };
  struct Slab {
    std::unique_ptr<char, FreeSlab> bytes;
    std::size_t size;
  };
  std::vector<Slab> slabs_;
  std::size_t slab_ = 0;     // The one being handed out.
  std::size_t slab_at_ = 0;  // Its bytes handed out.
  std::uint64_t slab_bytes_in_use_ = 0;
};

}  // namespace chiliad::prepare
