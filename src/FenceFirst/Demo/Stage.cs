using FenceFirst.Linux.Native;

namespace FenceFirst.Demo;

/// <summary>Everything that is there while the demonstration runs; nothing of it is left afterwards.</summary>
internal sealed class Stage : IDisposable
{
    private readonly DemoFiles _files;

    /// <summary>Builds it; both nodes are off.</summary>
    /// <exception cref="LinuxException">The kernel refused.</exception>
    public Stage()
    {
        Network = new DemoNetwork();
        _files = new DemoFiles();
        _files.Write(NodePlan.A, NodePlan.B);
        _files.Write(NodePlan.B, NodePlan.A);
        A = new DemoNode(NodePlan.A, _files, Network);
        B = new DemoNode(NodePlan.B, _files, Network);
        Power = new PowerSupply(_files.PowerSocket, Network, A, B);
        Observer = new Observer(Network);
        Client = new ServiceClient(Network);
    }

    /// <summary>Switch and cables.</summary>
    public DemoNetwork Network { get; }

    /// <summary>The first master.</summary>
    public DemoNode A { get; }

    /// <summary>The standby.</summary>
    public DemoNode B { get; }

    /// <summary>What the fence scripts talk to.</summary>
    public PowerSupply Power { get; }

    /// <summary>The witness.</summary>
    public Observer Observer { get; }

    /// <summary>Who wants to be served.</summary>
    public ServiceClient Client { get; }

    /// <summary>Where configurations and logs are.</summary>
    public string Folder => _files.Folder;

    /// <inheritdoc/>
    public void Dispose()
    {
        Power.Dispose();
        A.Dispose();
        B.Dispose();
        Client.Dispose();
        Observer.Dispose();
        Network.Dispose();
        _files.Dispose();
    }
}
