// SPDX-License-Identifier: Apache-2.0
/**
 * JSON-RPC 2.0 as SPDK speaks it: the server, the methods, the configuration file and a typed client.
 *
 * <p>A method is a name, the states in which it may be called, a record of parameters, and a function on the app
 * thread that returns its result, or a stage of it:
 *
 * <pre>{@code
 * record Create(String name, int blockSize, long numBlocks, Optional<UUID> uuid) {}
 *
 * registry.register("bdev_null_create", Create.class, p -> {
 *     NullBdev.create(bdevs, p.name(), p.blockSize(), p.numBlocks());
 *     return p.name();
 * });
 * }</pre>
 *
 * <p>{@link dev.spdkio.rpc.RecordReader} turns the request into the record and answers what does not fit, so the
 * function sees only parameters of the right names and types. It must not block; an operation that takes longer
 * returns its future. Exceptions become error replies ({@link dev.spdkio.rpc.RpcRegistry} has the table).
 *
 * <p>Everything about SPDK's wire format is in four classes: the framing (values one after the other, nothing between
 * them) in {@code JsonFramer}, a request and its reply in {@code RpcExchange}, reading, writing and backpressure in
 * {@code RpcConnection}, and the socket file with its lock in {@code UnixSocketFile}.
 */
package dev.spdkio.rpc;
