// Command loadbalancer gives addresses of a pool to Services of type LoadBalancer, as a cloud would. kube-proxy does
// the rest: on the node and in pods, what is sent to such an address goes to the Service's endpoints.
//
// A Service may ask for addresses by spec.loadBalancerIP, or for several by the annotation metallb.io/loadBalancerIPs, separated
// by commas. Those that are outside of the pool or taken are not given; a Service that asks and gets none has no status. Services with a
// loadBalancerClass are somebody else's.
package main

import (
	"context"
	"flag"
	"log"
	"net/netip"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	listers "k8s.io/client-go/listers/core/v1"
	"k8s.io/client-go/tools/cache"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/client-go/util/workqueue"
)

const addressesAnnotation = "metallb.io/loadBalancerIPs"

type controller struct {
	client   kubernetes.Interface
	services listers.ServiceLister
	queue    workqueue.TypedRateLimitingInterface[string]
	pool     *pool
}

func main() {
	kubeconfig := flag.String("kubeconfig", "", "kubeconfig file")
	prefix := flag.String("pool", "", "addresses to give; those of the last /24 only to those who ask for them")
	flag.Parse()
	config, err := clientcmd.BuildConfigFromFlags("", *kubeconfig)
	if err != nil {
		log.Fatal(err)
	}
	config.QPS, config.Burst = 200, 400
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()

	c := &controller{
		client: kubernetes.NewForConfigOrDie(config),
		pool:   newPool(netip.MustParsePrefix(*prefix)),
		queue: workqueue.NewTypedRateLimitingQueue(
			workqueue.NewTypedItemExponentialFailureRateLimiter[string](50*time.Millisecond, 5*time.Second)),
	}
	factory := informers.NewSharedInformerFactory(c.client, 0)
	informer := factory.Core().V1().Services()
	c.services = informer.Lister()
	enqueue := func(object any) {
		if key, err := cache.DeletionHandlingMetaNamespaceKeyFunc(object); err == nil {
			c.queue.Add(key)
		}
	}
	informer.Informer().AddEventHandler(cache.ResourceEventHandlerFuncs{
		AddFunc: enqueue, UpdateFunc: func(_, object any) { enqueue(object) }, DeleteFunc: enqueue,
	})
	factory.Start(ctx.Done())
	factory.WaitForCacheSync(ctx.Done())
	services, err := c.services.List(everything)
	if err != nil {
		log.Fatal(err)
	}
	for _, service := range services {
		c.pool.adopt(keyOf(service), assigned(service))
	}
	context.AfterFunc(ctx, c.queue.ShutDown)
	for c.next(ctx) {
	}
}

func (c *controller) next(ctx context.Context) bool {
	key, quit := c.queue.Get()
	if quit {
		return false
	}
	defer c.queue.Done(key)
	if err := c.sync(ctx, key); err != nil {
		if !apierrors.IsConflict(err) && !apierrors.IsNotFound(err) {
			log.Printf("%s: %v", key, err)
		}
		c.queue.AddRateLimited(key)
		return true
	}
	c.queue.Forget(key)
	return true
}

// sync writes the addresses that a Service has to its status.
func (c *controller) sync(ctx context.Context, key string) error {
	namespace, name, _ := cache.SplitMetaNamespaceKey(key)
	service, err := c.services.Services(namespace).Get(name)
	if apierrors.IsNotFound(err) {
		c.pool.release(key)
		return nil
	}
	if err != nil {
		return err
	}
	if service.Spec.LoadBalancerClass != nil {
		return nil
	}
	var addresses []netip.Addr
	if service.Spec.Type == corev1.ServiceTypeLoadBalancer && service.DeletionTimestamp == nil {
		addresses = c.pool.assign(key, requested(service))
	} else {
		c.pool.release(key)
	}
	if slices.Equal(addresses, assigned(service)) {
		return nil
	}
	service = service.DeepCopy()
	service.Status.LoadBalancer.Ingress = nil
	mode := corev1.LoadBalancerIPModeVIP
	for _, address := range addresses {
		service.Status.LoadBalancer.Ingress = append(service.Status.LoadBalancer.Ingress,
			corev1.LoadBalancerIngress{IP: address.String(), IPMode: &mode})
	}
	_, err = c.client.CoreV1().Services(namespace).UpdateStatus(ctx, service, metav1.UpdateOptions{})
	return err
}

func keyOf(service *corev1.Service) string { return service.Namespace + "/" + service.Name }

// requested returns the addresses that a Service asks for; an invalid one is the zero Addr, which no pool has.
func requested(service *corev1.Service) []netip.Addr {
	list := service.Annotations[addressesAnnotation]
	if list == "" {
		list = service.Spec.LoadBalancerIP
	}
	if list == "" {
		return nil
	}
	var addresses []netip.Addr
	for text := range strings.SplitSeq(list, ",") {
		address, _ := netip.ParseAddr(strings.TrimSpace(text))
		addresses = append(addresses, address)
	}
	return addresses
}

// assigned returns the addresses in a Service's status.
func assigned(service *corev1.Service) []netip.Addr {
	var addresses []netip.Addr
	for _, ingress := range service.Status.LoadBalancer.Ingress {
		address, _ := netip.ParseAddr(ingress.IP)
		addresses = append(addresses, address)
	}
	return addresses
}
