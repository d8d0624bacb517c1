package org.elasticsearch.plugins;

import java.util.ArrayList;
import java.util.List;
import java.util.ServiceLoader;
import java.util.function.Supplier;
import org.elasticsearch.Build;
import org.elasticsearch.action.admin.cluster.node.info.PluginsAndModules;
import org.elasticsearch.common.settings.Settings;
import org.elasticsearch.env.Environment;

/** Takes plugins and services from the class path, where a distribution has a folder for each. */
public final class ClassPathPlugins extends PluginsService {
  // The constructor above asks for these before they are set.
  private final List<LoadedPlugin> loaded;
  private final PluginsAndModules info;

  public ClassPathPlugins(
      Environment environment, PluginsLoader none, List<Class<? extends Plugin>> classes) {
    super(environment.settings(), environment.configDir(), none);
    List<LoadedPlugin> plugins = new ArrayList<>();
    for (Class<? extends Plugin> type : classes) {
      Plugin plugin = loadPlugin(type, environment.settings(), environment.configDir());
      plugins.add(new LoadedPlugin(describe(type), plugin, type.getClassLoader()));
    }
    loadExtensions(plugins);
    loaded = plugins;
    info = new PluginsAndModules(List.of(), plugins.stream().map(LoadedPlugin::descriptor).toList());
  }

  @Override
  protected List<LoadedPlugin> plugins() {
    return loaded == null ? List.of() : loaded;
  }

  @Override
  public PluginsAndModules info() {
    return info == null ? new PluginsAndModules(List.of(), List.of()) : info;
  }

  @Override
  public <T> List<? extends T> loadServiceProviders(Class<T> service) {
    return services(service).stream().map(ServiceLoader.Provider::get).toList();
  }

  @Override
  public <T> T loadSingletonServiceProvider(Class<T> service, Supplier<T> fallback) {
    return services(service).stream().findFirst().map(ServiceLoader.Provider::get).orElseGet(fallback);
  }

  private static <T> List<ServiceLoader.Provider<T>> services(Class<T> service) {
    return ServiceLoader.load(service, ClassPathPlugins.class.getClassLoader()).stream().toList();
  }

  private static PluginDescriptor describe(Class<? extends Plugin> type) {
    String javaVersion = Integer.toString(Runtime.version().feature());
    return new PluginDescriptor(
        type.getName(), "from the class path", "1", Build.current().version(), javaVersion,
        type.getName(), null, List.of(), false, false, false, false);
  }
}
