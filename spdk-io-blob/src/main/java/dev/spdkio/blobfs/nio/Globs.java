// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.blobfs.nio;

import java.nio.file.PathMatcher;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;

/** Patterns of paths, as {@link java.nio.file.FileSystem#getPathMatcher} describes them. */
final class Globs {
    private static final String SPECIAL = "\\.^$|+()[]{}*?";

    private Globs() {}

    static PathMatcher matcher(String syntaxAndPattern) {
        int colon = syntaxAndPattern.indexOf(':');
        if (colon <= 0) {
            throw new IllegalArgumentException("pattern '" + syntaxAndPattern + "' begins with glob: or regex:");
        }
        String syntax = syntaxAndPattern.substring(0, colon);
        String pattern = syntaxAndPattern.substring(colon + 1);
        String regex;
        if (syntax.equalsIgnoreCase("glob")) {
            regex = regex(pattern);
        } else if (syntax.equalsIgnoreCase("regex")) {
            regex = pattern;
        } else {
            throw new UnsupportedOperationException("syntax '" + syntax + "': there are glob and regex");
        }
        Pattern compiled = Pattern.compile(regex);
        return path -> compiled.matcher(path.toString()).matches();
    }

    static String regex(String glob) {
        StringBuilder regex = new StringBuilder();
        boolean group = false;
        for (int i = 0; i < glob.length(); i++) {
            char c = glob.charAt(i);
            switch (c) {
                case '\\' -> {
                    if (++i == glob.length()) {
                        throw new PatternSyntaxException("nothing after the backslash", glob, i - 1);
                    }
                    literal(regex, glob.charAt(i));
                }
                case '*' -> {
                    boolean all = i + 1 < glob.length() && glob.charAt(i + 1) == '*';
                    regex.append(all ? ".*" : "[^/]*");
                    i += all ? 1 : 0;
                }
                case '?' -> regex.append("[^/]");
                case '[' -> i = bracket(regex, glob, i);
                case '{' -> {
                    if (group) {
                        throw new PatternSyntaxException("a group in a group", glob, i);
                    }
                    group = true;
                    regex.append("(?:(?:");
                }
                case '}' -> {
                    regex.append(group ? "))" : "\\}");
                    group = false;
                }
                case ',' -> regex.append(group ? ")|(?:" : ",");
                default -> literal(regex, c);
            }
        }
        if (group) {
            throw new PatternSyntaxException("no } for {", glob, glob.length() - 1);
        }
        return regex.toString();
    }

    private static void literal(StringBuilder regex, char c) {
        if (SPECIAL.indexOf(c) >= 0) {
            regex.append('\\');
        }
        regex.append(c);
    }

    /** One of the characters between brackets, but no slash. Gives where it ends. */
    private static int bracket(StringBuilder regex, String glob, int open) {
        int close = glob.indexOf(']', open + 1);
        int from = open + 1;
        boolean not = from < glob.length() && glob.charAt(from) == '!';
        if (not) {
            from++;
        }
        if (close == from) {
            close = glob.indexOf(']', from + 1);
        }
        if (close < 0) {
            throw new PatternSyntaxException("no ] for [", glob, open);
        }
        regex.append("[[^/]&&[").append(not ? "^" : "");
        for (int i = from; i < close; i++) {
            char c = glob.charAt(i);
            if (c == '/') {
                throw new PatternSyntaxException("a slash between brackets", glob, i);
            }
            boolean range = c == '-' && i > from && i + 1 < close;
            if ((c == '-' && !range) || "\\[]&^".indexOf(c) >= 0) {
                regex.append('\\');
            }
            if (range && glob.charAt(i + 1) < glob.charAt(i - 1)) {
                throw new PatternSyntaxException("a range that ends before it begins", glob, i);
            }
            regex.append(c);
        }
        regex.append("]]");
        return close;
    }
}
