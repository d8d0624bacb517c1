package org.elasticsearch.node;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import org.elasticsearch.common.logging.LogConfigurator;
import org.elasticsearch.common.settings.Settings;
import org.elasticsearch.env.Environment;
import org.elasticsearch.plugins.ClassPathPlugins;
import org.elasticsearch.plugins.Plugin;
import org.elasticsearch.plugins.PluginsLoader;
import org.elasticsearch.plugins.PluginsService;
import org.elasticsearch.transport.netty4.Netty4Plugin;
import spillway.RootPlugin;

/**
 * One Elasticsearch node from the jars of Maven Central, without the distribution's folders: no
 * modules, no security manager, no keystore. In this package because what it needs is not public.
 *
 * <p>Arguments: the home folder, then settings as {@code key=value}.
 */
public final class SpillwayNode {
  private static final String NAME = "spillway";

  public static void main(String[] args) throws Exception {
    Path home = Path.of(args[0]).toAbsolutePath();
    Path config = Files.createDirectories(home.resolve("config"));
    Settings settings = settings(home, List.of(args).subList(1, args.length));
    configureLogging();
    Environment environment =
        InternalSettingsPreparer.prepareEnvironment(settings, Map.of(), config, () -> NAME);
    List<Class<? extends Plugin>> plugins = List.of(Netty4Plugin.class, RootPlugin.class);
    Node node = new Node(NodeConstruction.prepareConstruction(
        environment, noPlugins(), new PluginsFromClassPath(plugins), true));
    node.start();
    Runtime.getRuntime().addShutdownHook(new Thread(() -> close(node)));
    new CountDownLatch(1).await();
  }

  private static Settings settings(Path home, List<String> pairs) {
    Settings.Builder settings = Settings.builder()
        .put("path.home", home)
        .put("cluster.name", NAME)
        .put("node.name", NAME)
        .put("network.host", "127.0.0.1")
        .put("discovery.type", "single-node");
    for (String pair : pairs) {
      int at = pair.indexOf('=');
      settings.put(pair.substring(0, at), pair.substring(at + 1));
    }
    return settings.build();
  }

  private static void configureLogging() {
    LogConfigurator.registerErrorListener();
    LogConfigurator.configureESLogging();
    LogConfigurator.configureWithoutConfig(Settings.builder().put("logger.level", "WARN").build());
    LogConfigurator.setNodeName(NAME);
  }

  private static PluginsLoader noPlugins() {
    return PluginsLoader.createPluginsLoader(Set.of(), Set.of(), Map.of(), false);
  }

  private static void close(Node node) {
    try {
      node.close();
    } catch (Exception error) {
      error.printStackTrace();
    }
  }

  private static final class PluginsFromClassPath extends NodeServiceProvider {
    private final List<Class<? extends Plugin>> plugins;

    private PluginsFromClassPath(List<Class<? extends Plugin>> plugins) {
      this.plugins = plugins;
    }

    @Override
    PluginsService newPluginService(Environment environment, PluginsLoader loader) {
      return new ClassPathPlugins(environment, noPlugins(), plugins);
    }
  }

  private SpillwayNode() {}
}
