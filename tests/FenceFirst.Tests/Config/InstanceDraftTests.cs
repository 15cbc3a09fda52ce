using System.Reflection;
using FenceFirst.Config.Binding;
using FenceFirst.Core.Node;
using FenceFirst.Core.Vrrp;

namespace FenceFirst.Tests.Config;

/// <summary>What an instance is put together in has everything that an instance has, with the same defaults; and reading costs little memory.</summary>
public sealed class InstanceDraftTests
{
    /// <summary>Bytes allocated for one instance with its script; 12 kB when this was written, 23 kB before instances had drafts.</summary>
    private const long BytesMax = 16_000;

    private static PropertyInfo[] Settable(Type type) => [.. type.GetProperties().Where(property => property.CanWrite)];

    [Fact]
    public void A_fresh_draft_is_an_instance_with_every_default() =>
        Assert.Equal(new VrrpConfig { Name = "VI", Vrid = 1 }, new InstanceDraft("VI").ToConfig());

    [Fact]
    public void Every_property_of_an_instance_can_be_drafted() =>
        Assert.Equal(
            Settable(typeof(VrrpConfig)).Where(property => property.Name != nameof(VrrpConfig.Name)).Select(property => (property.Name, property.PropertyType)).Order(),
            Settable(typeof(InstanceDraft)).Select(property => (property.Name, property.PropertyType)).Order());

    [Fact]
    public void Every_property_of_a_draft_comes_into_the_instance()
    {
        VrrpConfig standard = new InstanceDraft("VI").ToConfig();
        foreach (PropertyInfo property in Settable(typeof(InstanceDraft)))
        {
            InstanceDraft draft = new("VI");
            property.SetValue(draft, Another(property.PropertyType, property.GetValue(draft)));
            Assert.NotEqual(standard, draft.ToConfig());
        }
    }

    [Fact]
    public void Reading_an_instance_with_its_script_takes_little_memory()
    {
        const int Count = 250;
        string text = "global_defs {\nscript_user root\nenable_script_security\n}\n"
            + string.Concat(Enumerable.Range(1, Count).Select(i => $"vrrp_script check_{i} {{\n script \"/usr/bin/test -e /run/check_{i}\"\n interval 2\n timeout 1\n rise 2\n fall 2\n weight -10\n}}\n"))
            + string.Concat(Enumerable.Range(1, Count).Select(i => $"vrrp_instance VI_{i} {{\n state BACKUP\n interface eth0\n virtual_router_id {i}\n priority 100\n advert_int 1\n virtual_ipaddress {{\n  10.0.1.{i}/32\n }}\n track_script {{\n  check_{i}\n }}\n}}\n"));
        FakeMachine.Load(text);
        NodeConfig? config = null;
        long perInstance = Allocations.Least(() => (config, _) = FakeMachine.Load(text)) / Count;
        Assert.Equal(Count, config?.Instances.Count);
        Assert.InRange(perInstance, 1, BytesMax);
    }

    /// <summary>A value of the type that is not the given one.</summary>
    private static object? Another(Type type, object? value)
    {
        Type? element = type.IsGenericType ? type.GetGenericArguments()[0] : null;
        return value switch
        {
            bool isSet => !isSet,
            byte number => (byte)(number + 1),
            int number => number + 1,
            TimeSpan time => time + TimeSpan.FromSeconds(1),
            Enum each => Enum.ToObject(type, Convert.ToInt32(each, System.Globalization.CultureInfo.InvariantCulture) + 1),
            FenceFirst.Core.InternetAddress => FenceFirst.Core.InternetAddress.Parse("192.0.2.1"),
            GratuitousSchedule schedule => schedule with { MasterRepeat = schedule.MasterRepeat + 1 },
            NotifyScripts notify => notify with { IsParallel = !notify.IsParallel },
            _ when type.Name.StartsWith("EquatableArray", StringComparison.Ordinal) => OneOf(element!),
            _ => System.Runtime.CompilerServices.RuntimeHelpers.GetUninitializedObject(type),
        };
    }

    private static object OneOf(Type element)
    {
        Array items = Array.CreateInstance(element, 1);
        items.SetValue(element == typeof(byte) ? (byte)1 : System.Runtime.CompilerServices.RuntimeHelpers.GetUninitializedObject(element), 0);
        MethodInfo convert = typeof(FenceFirst.Core.EquatableArray).GetMethod(nameof(FenceFirst.Core.EquatableArray.ToEquatableArray))!.MakeGenericMethod(element);
        return convert.Invoke(null, [items])!;
    }
}
