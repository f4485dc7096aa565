#include <algorithm>
#include <numeric>

namespace pl {

template <class Real>
OrthogonalTiles<Real>::OrthogonalTiles(const Problem<Real>& problem, const Kernel<Real>& kernel, int threads,
                                       const std::function<bool()>& cut)
    : threads_(threads),
      n_(problem.n),
      p_(problem.p),
      tile_(kernel.tile),
      blocks_((n_ + tile_ - 1) / tile_),
      superblocks_(superblock_count(problem, kernel)),
      order_(at(n_)),
      y_(blocks_ * tile_),
      norms_(blocks_ * tile_),
      W_(blocks_ * tile_ * p_),
      neurons_(blocks_ * p_),
      homes_(blocks_ * p_),
      live_(blocks_) {
    // Once the wrongly signed pairs are dead, whole tiles are.
    std::iota(order_.begin(), order_.end(), Index{0});
    std::stable_partition(order_.begin(), order_.end(), [&](Index i) { return problem.y[i] > 0; });
    for (Index i = 0; i < n_; ++i) {
        y_.data()[i] = problem.y[point(i)];
        norms_.data()[i] = problem.norms[point(i)];
    }
    over_superblocks([&](Index s) {
        for (Index b = first_block(s); b < first_block(s + 1) && !(cut && cut()); ++b)
            pack_block(problem.W, b);
    });
}

template <class Real>
template <class Function>
void OrthogonalTiles<Real>::over_superblocks(const Function& function) const {
    if (superblocks_ == 1) return function(Index{0});
    parallel_for(superblocks_, threads_, function);
}

template <class Real>
void OrthogonalTiles<Real>::enter(OrthogonalArgs<Real>& args, Index superblock) {
    const Index first = first_block(superblock) * p_;
    args.first = first_block(superblock);
    args.last = first_block(superblock + 1);
    args.p = p_;
    args.y = y_.data();
    args.norms = norms_.data();
    args.W = W_.data() + first * tile_;
    args.neurons = neurons_.data() + first;
    args.homes = homes_.data() + first;
    args.live = live_.data();
}

template <class Real>
template <class Function>
void OrthogonalTiles<Real>::for_each(Index superblock, const Function& function) const {
    for (Index k = first_block(superblock) * p_; k < first_block(superblock + 1) * p_; ++k) {
        const Index first = homes_.data()[k] * tile_;
        function(Index{neurons_.data()[k]}, first, std::min(tile_, n_ - first), W_.data() + k * tile_);
    }
}

template <class Real>
template <class Function>
void OrthogonalTiles<Real>::for_each_block(Index superblock, const Function& function) const {
    const Index begin = first_block(superblock), end = first_block(superblock + 1);
    std::vector<const Real*> tiles(at((end - begin) * p_));
    for (Index k = begin * p_; k < end * p_; ++k)
        tiles[at((homes_.data()[k] - begin) * p_ + neurons_.data()[k])] = W_.data() + k * tile_;
    for (Index b = begin; b < end; ++b)
        function(b * tile_, std::min(tile_, n_ - b * tile_), tiles.data() + (b - begin) * p_);
}

template <class Real>
template <class Function>
void OrthogonalTiles<Real>::for_each_live(Index superblock, const Function& function) const {
    const Real* w = W_.data() + first_block(superblock) * p_ * tile_;
    for (Index b = first_block(superblock); b < first_block(superblock + 1); ++b) {
        const Index live = live_.data()[b];
        function(b * tile_, std::min(tile_, n_ - b * tile_), w, live);
        w += live * tile_;
    }
}

template <class Real>
double OrthogonalTiles<Real>::bytes(const Problem<Real>& problem, const Kernel<Real>& kernel) {
    const double n = static_cast<double>(round_up(problem.n, kernel.tile)),
                 p = static_cast<double>(problem.p), tile = static_cast<double>(kernel.tile);
    return (n * p + 2 * n) * sizeof(Real) + n / tile * (2 * p + 1) * sizeof(std::int32_t) + n * sizeof(Index);
}

template <class Real>
Index OrthogonalTiles<Real>::superblock_count(const Problem<Real>& problem, const Kernel<Real>& kernel) {
    constexpr double kPairs = 1 << 20;  // a few hundred microseconds on one core
    const double pairs = static_cast<double>(problem.n) * static_cast<double>(problem.p);
    const Index blocks = (problem.n + kernel.tile - 1) / kernel.tile;
    return std::clamp(static_cast<Index>(std::min(pairs / kPairs, 256.0)), Index{1}, blocks);
}

template <class Real>
void OrthogonalTiles<Real>::pack_block(const Real* W, Index b) {
    const Index first = b * tile_, count = std::min(tile_, n_ - first);
    const Index* order = order_.data() + first;
    for (Index j = 0; j < p_; ++j) {
        const Real* from = W + j * n_;
        Real* w = W_.data() + (b * p_ + j) * tile_;
        for (Index i = 0; i < count; ++i) w[i] = from[order[i]];
        neurons_.data()[b * p_ + j] = static_cast<std::int32_t>(j);
        homes_.data()[b * p_ + j] = static_cast<std::int32_t>(b);
    }
    live_.data()[b] = static_cast<std::int32_t>(p_);
}

}  // namespace pl
