#include "capture/live_pairs.hpp"

#include <algorithm>
#include <numeric>

#include "kernel/index.hpp"
#include "parallel/parallel_for.hpp"

namespace pl {
namespace {

Index word_count(Index n) {
    return (n + kWordPoints - 1) / kWordPoints;
}

Index part_count(Index n, Index p) {
    constexpr double kPairs = 1 << 20;  // about a millisecond on one core
    const double parts = static_cast<double>(n) * static_cast<double>(p) / kPairs;
    return std::clamp(static_cast<Index>(std::min(parts, 256.0)), Index{1}, word_count(n));
}

constexpr Index kChunkNumbers = 1 << 15;  // of W that are written at a time

}  // namespace

LivePairs::LivePairs(const Problem<double>& problem, const LiveKernel& kernel, int threads, Cut cut)
    : problem_(problem),
      kernel_(kernel),
      threads_(threads),
      cut_(std::move(cut)),
      n_(problem.n),
      p_(problem.p),
      blocks_(word_count(n_)),
      order_(at(n_)),
      parts_(at(part_count(n_, p_))),
      words_(blocks_ * p_),
      push_(blocks_ * kWordPoints),
      last_push_(blocks_ * kWordPoints),
      lanes_(size_of(parts_) * 2 * p_ * kernel.lanes),
      last_abar_(at(p_)),
      dead_squares_(at(p_)) {
    std::iota(order_.begin(), order_.end(), 0);
    const auto middle =
        std::stable_partition(order_.begin(), order_.end(), [this](int i) { return problem_.y[i] > 0; });
    positive_ = middle - order_.begin();
    const Index parts = size_of(parts_);
    std::vector<double> dead(at(parts * p_));
    parallel_for(parts, threads_, [&](Index k) {
        Part& part = parts_[at(k)];
        part.first = k * blocks_ / parts;
        part.last = (k + 1) * blocks_ / parts;
        part.count = find_live(part, dead.data() + k * p_);
        part.values = Pages(value_bytes(part.count));
        fill(part);
    });
    leave_if(cut_);
    for (Index k = 0; k < parts; ++k)
        for (Index j = 0; j < p_; ++j) dead_squares_[at(j)] += dead[at(k * p_ + j)];
}

std::size_t LivePairs::value_bytes(Index count) {
    return at(count + kValuesPad) * sizeof(double);
}

Index LivePairs::find_live(Part& part, double* dead_squares) {
    Index count = 0;
    for (Index b = part.first; b < part.last; ++b) {
        const Index points = std::min(kWordPoints, n_ - b * kWordPoints);
        for (Index j = 0; j < p_; ++j) {
            if (j % kAskedNeurons == 0 && this->cut()) return count;
            const double* row = problem_.W + j * n_;
            Word word = 0;
            double squares = 0;
            for (Index l = 0; l < points; ++l) {
                const double w = row[order_[at(b * kWordPoints + l)]];
                word |= static_cast<Word>(w > 0) << l;
                squares += w > 0 ? 0 : w * w;
            }
            words_.data()[b * p_ + j] = word;
            dead_squares[j] += squares;
            count += __builtin_popcountll(word);
        }
    }
    return count;
}

void LivePairs::fill(Part& part) {
    double* value = part.values.data();
    for (Index b = part.first; b < part.last; ++b)
        for (Index j = 0; j < p_; ++j) {
            if (j % kAskedNeurons == 0 && cut()) return;
            for (Word left = words_.data()[b * p_ + j]; left != 0; left &= left - 1)
                *value++ = problem_.W[j * n_ + order_[at(b * kWordPoints + __builtin_ctzll(left))]];
        }
}

Index LivePairs::count() {
    settle();
    Index count = 0;
    for (const Part& part : parts_) count += part.count;
    return count;
}

double LivePairs::unreached_label_sq(const std::vector<int>& sign) {
    settle_bits();
    double sum = 0;
    for (Index b = 0; b < blocks_; ++b) {
        const Index start = b * kWordPoints, ahead = std::clamp(positive_ - start, Index{0}, kWordPoints);
        const Word all = ~Word{0}, positive = ahead == kWordPoints ? all : (Word{1} << ahead) - 1;
        Word reached = 0;
        for (Index j = 0; j < p_; ++j) {
            const int s = sign[at(j)];
            reached |= words_.data()[b * p_ + j] & (s == 0 ? all : s > 0 ? positive : ~positive);
        }
        for (Index l = 0; l < std::min(kWordPoints, n_ - start); ++l) {
            const double y = problem_.y[order_[at(start + l)]];
            if ((reached >> l & 1) == 0) sum += y * y;
        }
    }
    return sum;
}

// Neurons in chunks whose rows stay in cache while one block after another is written into them.
void LivePairs::write_state(double* W) {
    settle();
    const Index chunk = std::clamp(kChunkNumbers / n_, Index{1}, p_), chunks = (p_ + chunk - 1) / chunk;
    const std::vector<const double*> values = values_of(chunk, chunks);
    parallel_for(chunks, threads_, [&](Index number) {
        const Index first = number * chunk, last = std::min(first + chunk, p_);
        std::transform(problem_.W + first * n_, problem_.W + last * n_, W + first * n_,
                       [](double start) { return std::min(start, 0.0); });  // as dead pairs stay
        for (Index b = 0; b < blocks_; ++b) {
            const double* value = values[at(number * blocks_ + b)];
            for (Index j = first; j < last; ++j) value = write_block(b, j, value, W);
        }
    });
}

// Where the values of each block begin in each chunk of neurons, (chunks, blocks).
std::vector<const double*> LivePairs::values_of(Index chunk, Index chunks) const {
    std::vector<const double*> values(at(chunks * blocks_));
    for (const Part& part : parts_) {
        const double* value = part.values.data();
        for (Index b = part.first; b < part.last; ++b) {
            for (Index j = 0; j < p_; ++j) {
                if (j % chunk == 0) values[at(j / chunk * blocks_ + b)] = value;
                value += __builtin_popcountll(words_.data()[b * p_ + j]);
            }
        }
    }
    return values;
}

// The live pairs of block b in row j; where the values of row j + 1 begin.
const double* LivePairs::write_block(Index b, Index j, const double* value, double* W) const {
    const std::int32_t* points = order_.data() + b * kWordPoints;
    for (Word left = words_.data()[b * p_ + j]; left != 0; left &= left - 1)
        W[j * n_ + points[__builtin_ctzll(left)]] = *value++;
    return value;
}

double LivePairs::bytes(const Problem<double>& problem) {
    const Index n = problem.n, p = problem.p, blocks = word_count(n);
    constexpr Index kMostLanes = 8, kPage = 4096;
    Index live = 0;
    for (Index k = 0; k < n * p; ++k) live += problem.W[k] > 0 ? 1 : 0;
    const Index parts = part_count(n, p);
    const Index doubles = live + blocks * (p + 2 * kWordPoints) + parts * p * (2 * kMostLanes + 1) + 2 * p;
    return static_cast<double>(doubles) * sizeof(double) + static_cast<double>(parts * kPage) +
           4.0 * static_cast<double>(n);
}

}  // namespace pl
