// Package comm joins workers into a [Group] whose members reduce and share
// slices of numbers. Learners are written against a Group and a shard of the
// data, so that one process and many run the same code.
//
// [Solo] is the group of one. Others are made of a [Transport]: [Memory] for
// members in one process, [TCP] for processes and hosts; then [Connect]. The
// members add up ([Group.AllReduce], [ReduceScatter]), pass around
// ([AllGather], [Broadcast]) and wait for each other ([Group.Barrier]); sums have
// the same bits on all members and in every run.
//
// Who belongs to the group, and whether all are alive, is decided by a pure
// state machine, [Machine]: heartbeats find a member that is lost, and every
// other one gets the same [*PeerError] within the deadline. Each attempt of a job
// has a generation of its own, which keeps late words of an earlier attempt out.
// Numbers flow beside it, in frames of bounded size.
package comm
