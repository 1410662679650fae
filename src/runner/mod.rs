//! Who acts: plan, step loop, background activities, strategies, rollbacks, controls, abort.
