#include "capture/dense_products.hpp"

#include <algorithm>

#include "capture/moves.hpp"
#include "kernel/dispatch.hpp"

namespace pl {

DenseProducts::DenseProducts(const CaptureInputs& inputs, int threads)
    : packed_(inputs.packed()),
      kernel_(kernel<double>()),
      threads_(threads),
      n_(inputs.problem().n),
      p_(inputs.problem().p),
      blocks_(block_count(n_)),
      scratch_(kernel_.scratch_size),
      weights_(blocks_ * kBlockPoints),
      sums_(blocks_ * kBlockPoints) {}

HalvesArgs<double> DenseProducts::args(CutOff cut) const {
    HalvesArgs<double> args{};
    args.data = packed_.view();
    args.last = blocks_;
    args.cut = cut;
    return args;
}

void DenseProducts::preactivations(const double* W, double* z, CutOff cut) {
    HalvesArgs<double> args = this->args(cut);
    args.W = W;
    args.z = z;
    pl::preactivations(kernel_, args, threads_);
}

void DenseProducts::gradient(const double* weights, const Word* masks, double* G, CutOff cut) {
    std::copy_n(weights, n_, weights_.data());
    HalvesArgs<double> args = this->args(cut);
    args.weights = weights_.data();
    args.masks = masks;
    args.G = G;
    args.scratch = scratch_.data();
    kernel_.gradient(args);
}

void DenseProducts::outputs(DenseState& state) {
    OutputsArgs<double> args{
        n_,           p_, blocks_, state.z.data(), state.a.data(), packed_.view().y, state.masks.data(),
        sums_.data(), 0};
    kernel_.outputs(args);
    std::copy_n(sums_.data(), n_, state.r.begin());
    state.sum_r2 = args.sum_r2;
}

void DenseProducts::masked_sums(const double* z, const Word* masks, double* out) {
    MaskedSumsArgs<double> args{p_, blocks_, z, masks, sums_.data()};
    kernel_.masked_sums(args);
    std::copy_n(sums_.data(), n_, out);
}

}  // namespace pl
