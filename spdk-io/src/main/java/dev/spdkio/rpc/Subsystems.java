// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.rpc;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.Collectors;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * The subsystems of one application, in the order of initialisation, with what writes their configuration.
 *
 * <p>{@link #add} may be called from any thread; what writes a configuration belongs on the app thread.
 */
public final class Subsystems {
    private final List<ConfigSource> sources = new CopyOnWriteArrayList<>();

    /** Creates an application without subsystems. */
    public Subsystems() {}

    /** Adds a source: its subsystem, if that is new, comes after all others. */
    public void add(ConfigSource source) {
        sources.add(Objects.requireNonNull(source, "source"));
    }

    /** Takes a source away; its subsystem goes with the last one. */
    public void remove(ConfigSource source) {
        sources.remove(source);
    }

    /** The names, in the order of initialisation. */
    public List<String> names() {
        return sources.stream().map(ConfigSource::subsystem).distinct().toList();
    }

    /** Whether there is such a subsystem. */
    public boolean contains(String name) {
        return names().contains(name);
    }

    /** The subsystems that come before this one. */
    public List<String> dependsOn(String name) {
        Set<String> all = new LinkedHashSet<>();
        of(name).forEach(s -> all.addAll(s.dependsOn()));
        return List.copyOf(all);
    }

    private List<ConfigSource> of(String name) {
        return sources.stream().filter(s -> s.subsystem().equals(name)).collect(Collectors.toUnmodifiableList());
    }

    /** The calls that bring one subsystem into its present state. */
    public List<MethodCall> calls(String name) {
        List<MethodCall> calls = new ArrayList<>();
        of(name).forEach(s -> s.write(calls));
        return calls;
    }

    /** {@link #calls} as JSON: the answer of {@code framework_get_config}. */
    public ArrayNode config(String name) {
        ArrayNode array = Json.NODES.arrayNode();
        calls(name).forEach(c -> array.add(c.toJson()));
        return array;
    }

    /** The configuration of all subsystems: what {@code save_config} writes and {@link JsonConfig} reads. */
    public ObjectNode save() {
        ObjectNode root = Json.NODES.objectNode();
        ArrayNode all = root.putArray("subsystems");
        for (String name : names()) {
            ObjectNode one = all.addObject().put("subsystem", name);
            one.set("config", config(name));
        }
        return root;
    }
}
