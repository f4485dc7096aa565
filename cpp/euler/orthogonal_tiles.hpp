// The pairs of orthogonal inputs in memory: blocks of `tile` places, points with positive labels first, and a
// tile of pre-activations per neuron and block. How the blocks are cut into superblocks for a team is a
// function of (n, p), the precision and the level, never of the number of threads.
#pragma once

#include <vector>

#include "parallel/parallel_for.hpp"
#include "problem/buffer.hpp"
#include "problem/packed.hpp"

namespace pl {

template <class Real>
class OrthogonalTiles {
  public:
    OrthogonalTiles(const Problem<Real>& problem, const Kernel<Real>& kernel, int threads,
                    const std::function<bool()>& cut);

    // function(superblock), by the whole team.
    template <class Function>
    void over_superblocks(const Function& function) const;

    Index superblocks() const { return superblocks_; }
    Index n() const { return n_; }
    Index p() const { return p_; }
    Index tile() const { return tile_; }
    Index points() const { return blocks_ * tile_; }
    const Real* y() const { return y_.data(); }
    const Real* norms() const { return norms_.data(); }
    Index point(Index place) const { return order_[at(place)]; }

    // All pairs, for a way back. Tiles may not be pruned in between.
    Buffer<Real> copy() const { return W_.copy(); }
    void restore(const Buffer<Real>& pairs) { W_ = pairs.copy(); }

    // A superblock's share of the kernel's arguments.
    void enter(OrthogonalArgs<Real>& args, Index superblock);

    // function(j, first, count, w): all tiles of a superblock, w the pairs of neuron j at the places [first,
    // first + count).
    template <class Function>
    void for_each(Index superblock, const Function& function) const;

    // function(first, count, tiles): a superblock block by block, tiles[j] the pairs of neuron j.
    template <class Function>
    void for_each_block(Index superblock, const Function& function) const;

    // function(first, count, w, tiles): a superblock block by block, w its `tiles` live tiles one
    // after the other.
    template <class Function>
    void for_each_live(Index superblock, const Function& function) const;

    static double bytes(const Problem<Real>& problem, const Kernel<Real>& kernel);
    static Index superblock_count(const Problem<Real>& problem, const Kernel<Real>& kernel);

  private:
    Index first_block(Index superblock) const { return superblock * blocks_ / superblocks_; }

    void pack_block(const Real* W, Index b);

    int threads_;
    Index n_, p_, tile_, blocks_, superblocks_;
    std::vector<Index> order_;  // place -> the caller's index
    Buffer<Real> y_, norms_, W_;
    Buffer<std::int32_t> neurons_, homes_, live_;  // OrthogonalArgs
};

}  // namespace pl

#include "euler/orthogonal_tiles.inl"
