#include "prepare/row_groups.h"

#include <sys/mman.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <new>

#include "base/check.h"
#include "base/hash.h"

namespace chiliad::prepare {
namespace {

// A huge page: one page fault instead of 512, which is a tenth of the time of a small table.
constexpr std::size_t kSlabBytes = std::size_t{2} << 20;
constexpr std::size_t kFirstChunk = 128;
constexpr std::size_t kLargestChunk = std::size_t{64} << 10;
constexpr std::size_t kFirstSlots = 1024;

// A multiple of kSlabBytes.
char* new_slab(std::size_t size) {
  char* const bytes = static_cast<char*>(::operator new(size, std::align_val_t{kSlabBytes}));
  ::madvise(bytes, size, MADV_HUGEPAGE);  // Where there are none, small pages do.
  return bytes;
}

}  // namespace

void RowGroups::FreeSlab::operator()(char* bytes) const { ::operator delete(bytes, std::align_val_t{kSlabBytes}); }

std::uint64_t RowGroups::hash_of(std::string_view id) const { return content_hash(id, hash_seed_); }

char* RowGroups::extend(std::string_view id, std::size_t size) {
  if (latest_ == nullptr || latest_->id != id) latest_ = &find_or_add(id);
  Group& group = *latest_;
  Chunk* chunk = group.last;
  if (chunk == nullptr || chunk->capacity - chunk->used < size) chunk = add_chunk(group, size);
  char* room = chunk->text() + chunk->used;
  chunk->used += static_cast<std::uint32_t>(size);
  group.bytes += size;
  return room;
}

RowGroups::Group& RowGroups::find_or_add(std::string_view id) {
  if (groups_.size() * 2 >= index_.size()) grow_index();
  const std::uint64_t hash = hash_of(id);
  const auto tag = static_cast<std::uint32_t>(hash >> 32);
  const std::size_t mask = index_.size() - 1;
  for (std::size_t at = hash & mask;; at = (at + 1) & mask) {
    Slot& slot = index_[at];
    if (slot.group_plus_one == 0) {
      char* copy = allocate(id.size());
      std::memcpy(copy, id.data(), id.size());
      Group& group = groups_.emplace_back();
      group.id = {copy, id.size()};
      group.hash = hash;
      slot = {static_cast<std::uint32_t>(groups_.size()), tag};
      return group;
    }
    if (slot.tag == tag && groups_[slot.group_plus_one - 1].id == id) return groups_[slot.group_plus_one - 1];
  }
}

void RowGroups::grow_index() {
  CHILIAD_CHECK(groups_.size() < UINT32_MAX / 2);
  index_.assign(std::max(kFirstSlots, index_.size() * 2), Slot{});
  const std::size_t mask = index_.size() - 1;
  for (std::size_t i = 0; i < groups_.size(); ++i) {
    const std::uint64_t hash = groups_[i].hash;
    std::size_t at = hash & mask;
    while (index_[at].group_plus_one != 0) at = (at + 1) & mask;
    index_[at] = {static_cast<std::uint32_t>(i + 1), static_cast<std::uint32_t>(hash >> 32)};
  }
}

RowGroups::Chunk* RowGroups::add_chunk(Group& group, std::size_t size) {
  // As much again as the group holds, so that the number of chunks grows with the logarithm.
  const std::size_t wanted = std::clamp(std::bit_ceil(group.bytes + 1), kFirstChunk, kLargestChunk);
  const std::size_t capacity = std::max(wanted - sizeof(Chunk), size);
  auto* chunk = new (allocate(sizeof(Chunk) + capacity)) Chunk{nullptr, 0, static_cast<std::uint32_t>(capacity)};
  (group.last == nullptr ? group.first : group.last->next) = chunk;
  group.last = chunk;
  return chunk;
}

char* RowGroups::allocate(std::size_t size) {
  const std::size_t aligned = (size + alignof(Chunk) - 1) / alignof(Chunk) * alignof(Chunk);
  while (slab_ < slabs_.size() && slabs_[slab_].size - slab_at_ < aligned) {
    ++slab_;
    slab_at_ = 0;
    if (slab_ < slabs_.size()) slab_bytes_in_use_ += slabs_[slab_].size;
  }
  if (slab_ == slabs_.size()) {
    const std::size_t slab_size = (aligned + kSlabBytes - 1) / kSlabBytes * kSlabBytes;
    slabs_.push_back({std::unique_ptr<char, FreeSlab>(new_slab(slab_size)), slab_size});
    slab_bytes_in_use_ += slab_size;
  }
  char* bytes = slabs_[slab_].bytes.get() + slab_at_;
  slab_at_ += aligned;
  return bytes;
}

void RowGroups::clear() {
  groups_.clear();
  index_.clear();
  index_.shrink_to_fit();
  latest_ = nullptr;
  slab_ = 0;
  slab_at_ = 0;
  slab_bytes_in_use_ = slabs_.empty() ? 0 : slabs_[0].size;
}

}  // namespace chiliad::prepare
